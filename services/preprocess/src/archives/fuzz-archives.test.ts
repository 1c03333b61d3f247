/** Damaged archives, the same on every run: whatever a source is, the outcome is clips or documented errors, and soon. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isAppError } from '@timbre/shared/errors';
import { mutate } from '../audio/testing/mutate.js';
import { seededRandom } from '../audio/testing/signals.js';
import { defaultArchiveLimits } from './archive-limits.js';
import type { Reader } from './found-clip.js';
import { readCsvManifest } from './manifest/read-csv-manifest.js';
import { readJsonlManifest } from './manifest/read-jsonl-manifest.js';
import { sniffBatchFormat } from './sniff-batch-format.js';
import { inflateTarGz } from './tar/inflate-tar-gz.js';
import { readTar } from './tar/read-tar.js';
import { collect } from './testing/collect.js';
import { memorySource } from './testing/memory-source.js';
import { noise, ramp } from './testing/sounds.js';
import { packTar } from './testing/tar-bytes.js';
import { packZip } from './testing/zip-bytes.js';
import { readZip } from './zip/read-zip.js';

const SEED = 20_261_122;
const CODES = /^(archive_\w+|manifest_\w+|audio_empty)$/;

const files = [
  { name: 'a/stored.wav', content: noise(600) },
  { name: 'a/deflated.wav', content: ramp(900), compress: true },
  { name: 'note.txt', content: Buffer.from('note') },
  { name: `${'long/'.repeat(10)}${'x'.repeat(120)}.wav`, content: noise(300), compress: true, forceZip64: true },
];
const json = Array.from({ length: 20 }, (_, i) => `{"uri":"https://a.org/${i}.wav","id":"${i}"}`).join('\n');
const table = `uri,id,name\n${Array.from({ length: 20 }, (_, i) => `https://a.org/${i}.wav,"${i}","a ""b"" c"`).join('\n')}`;

async function outcomesOf(reader: Reader, sample: Buffer, mutants: number): Promise<Map<string, number>> {
  const random = seededRandom(SEED);
  const outcomes = new Map<string, number>();
  for (let i = 0; i < mutants; i++) {
    const mutant = mutate(sample, random);
    const started = performance.now();
    const { clips, error } = await collect(reader, memorySource(mutant));
    expect((performance.now() - started) / 1000, `mutant ${i}, seed ${SEED}`).toBeLessThan(2);
    for (const clip of clips)
      expect(clip.ref === undefined, `mutant ${i}, seed ${SEED}`).toBe(clip.error !== undefined);
    for (const code of [error?.code, ...clips.map((clip) => clip.error?.code)]) {
      if (code === undefined) continue;
      expect(code, `mutant ${i}, seed ${SEED}`).toMatch(CODES);
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
    }
    const whole = error === undefined ? 'read to the end' : 'broken off';
    outcomes.set(whole, (outcomes.get(whole) ?? 0) + 1);
  }
  return outcomes;
}

describe('readers of archives on damaged ones', () => {
  it.each<[string, Reader, () => Promise<Buffer>, number]>([
    ['zip', readZip, () => packZip(files, { forceZip64: true }), 1500],
    ['tar', readTar, () => packTar(files.map(({ name, content }) => ({ name, content }))), 1500],
    ['jsonl', readJsonlManifest, () => Promise.resolve(Buffer.from(json)), 500],
    ['csv', readCsvManifest, () => Promise.resolve(Buffer.from(table)), 500],
  ])('answers mutants of a %s with clips or typed errors within 2 s each', async (_kind, reader, sample, mutants) => {
    const outcomes = await outcomesOf(reader, await sample(), mutants);
    // Mutation is neither harmless nor always fatal.
    expect(outcomes.get('read to the end')).toBeGreaterThan(mutants / 20);
    expect(outcomes.size).toBeGreaterThan(1);
  });

  it('answers 500 mutants of a tar.gz with a tar or typed errors', async () => {
    const random = seededRandom(SEED);
    const sample = gzipSync(await packTar(files.map(({ name, content }) => ({ name, content }))));
    const codes = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const source = memorySource(mutate(sample, random));
      try {
        await sniffBatchFormat(source);
        const options = { limits: defaultArchiveLimits(), signal: new AbortController().signal };
        await inflateTarGz(source, options).resume().toArray();
      } catch (error) {
        if (!isAppError(error)) throw error;
        codes.add(error.code);
      }
    }
    expect([...codes].sort()).toEqual(['archive_corrupt', 'archive_unrecognized']);
  });
});
