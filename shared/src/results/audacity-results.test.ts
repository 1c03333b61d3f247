import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { ItemResult } from '../contracts/batch.js';
import { audacityLabels, audacityResults } from './audacity-results.js';
import { decidedItem, failedItem, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const violin = (changes: Partial<ItemResult> = {}) => decidedItem(card, { rows: [[0.125, 0.75]] }, changes);

async function unpacked(items: readonly ItemResult[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Readable.from(audacityResults(streamOf(items)))
    .pipe(createGunzip())
    .pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks).toString());
  }
  return files;
}

describe('audacityResults', () => {
  it('writes start, end and label of each segment, silence included', () => {
    const rows = [
      [0.875, 0],
      [1, 0],
      [0, 0.75],
    ];
    const { result } = decidedItem(card, { rows, levels: [-20, -70, -20], durationSeconds: 3.25 });
    expect(audacityLabels(result!)).toBe(
      '0.000000\t1.500000\tdrums 0.88\n1.500000\t2.500000\tmute\n2.500000\t3.250000\tviolin 0.75\n',
    );
  });

  it('has one file for each clip with a result, beside which it can be laid', async () => {
    const items = [violin({ path: 'a/b/take 1.wav' }), failedItem('audio_corrupt', { index: 1 })];
    expect([...(await unpacked(items))]).toEqual([['a/b/take 1.wav.txt', '0.000000\t2.000000\tviolin 0.75\n']]);
  });

  it('keeps names of 400 bytes and of other scripts', async () => {
    const deep = `${Array.from({ length: 8 }, () => 'd'.repeat(50)).join('/')}/take.wav`;
    const names = [deep, 'Übung/日本.wav', `${'x'.repeat(101)}.wav`];
    const files = await unpacked(names.map((path, index) => violin({ path, index })));
    expect([...files.keys()]).toEqual(names.map((name) => `${name}.txt`));
  });

  it('gives clips of one name, letter case aside, files of their own', async () => {
    const items = ['a.wav', 'A.wav', 'a.wav'].map((path, index) => violin({ path, index: index + 5 }));
    expect([...(await unpacked(items)).keys()]).toEqual(['a.wav.txt', 'A.wav-6.txt', 'a.wav-7.txt']);
  });

  it('unpacks 3000 clips', async () => {
    const base = violin();
    const items = Array.from({ length: 3000 }, (_, index) => ({ ...base, index, path: `d/${index}.wav` }));
    expect((await unpacked(items)).size).toBe(3000);
  });
});
