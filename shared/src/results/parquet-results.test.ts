import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { ItemResult } from '../contracts/batch.js';
import { parquetResults } from './parquet-results.js';
import { bytesOf, decidedItem, failedItem, sampleBatchId, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const context = { batchId: sampleBatchId, labels: card.labels };

async function readBack(items: ItemResult[]) {
  const file = new Uint8Array(await bytesOf(parquetResults(streamOf(items), context))).buffer;
  return { groups: parquetMetadata(file).row_groups.length, rows: await parquetReadObjects({ file }) };
}

describe('parquetResults', () => {
  it('gives a violin, a mute clip and a failed one back with their types', async () => {
    const violin = decidedItem(card, { rows: [[0.125, 0.75]] }, { path: 'Übung/a.wav', expected: 'drums' });
    const mute = decidedItem(card, { rows: [[1, 0]], levels: [-70] }, { index: 1, duplicateOf: 0 });
    const { rows } = await readBack([violin, mute, failedItem('audio_corrupt', { index: 2 })]);
    expect(rows).toMatchObject([
      {
        path: 'Übung/a.wav',
        label: 'violin',
        confidence: 0.75,
        score_drums: 0.125,
        channels: 2,
        bytes: 1000n,
        expected: 'drums',
        correct: false,
        errorCode: null,
        finishedAt: new Date('2026-01-02T03:04:05Z'),
        segments: [{ startSeconds: 0, endSeconds: 2, label: 'violin', confidence: 0.75 }],
      },
      { decision: 'mute', label: null, score_drums: 0, duplicateOf: 0, segments: [{ label: 'mute' }] },
      { state: 'failed', decision: null, confidence: null, errorCode: 'audio_corrupt' },
    ]);
    expect(rows[2]?.['segments'] ?? null).toBeNull();
  });

  it('writes 4501 clips in 3 row groups of at most 2000 and loses none', async () => {
    const base = decidedItem(card, { rows: [[0.125, 0.75]] });
    const items = Array.from({ length: 4501 }, (_, index) => ({ ...base, index, path: `take-${index}.wav` }));
    const { groups, rows } = await readBack(items);
    expect(groups).toBe(3);
    expect(rows.map(({ path }) => path as string)).toEqual(items.map(({ path }) => path));
  });

  it('ends a row group early when its clips have many segments', async () => {
    const rows = Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? [1, 0] : [0, 1]));
    const long = decidedItem(card, { rows });
    expect(long.result?.segments).toHaveLength(1000);
    const read = await readBack(Array.from({ length: 45 }, (_, index) => ({ ...long, index })));
    expect(read.groups).toBe(3);
    expect(read.rows[44]).toMatchObject({ segmentCount: 1000, segments: { length: 1000 } });
  });

  it('takes labels with dots, spaces and other scripts for column names', async () => {
    const labels = ['a.b', 'guitare électrique', '琴'];
    const item = decidedItem(sampleCard({ labels }), { rows: [[0.125, 0.25, 0.5]] });
    const bytes = await bytesOf(parquetResults(streamOf([item]), { ...context, labels }));
    const [row] = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    expect(row).toMatchObject({ 'score_a.b': 0.125, 'score_guitare électrique': 0.25, score_琴: 0.5 });
  });

  it('writes a readable file for no clips', async () => {
    expect(await readBack([])).toEqual({ groups: 0, rows: [] });
  });
});
