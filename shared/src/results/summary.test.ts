import { describe, expect, it } from 'vitest';
import type { ItemResult } from '../contracts/batch.js';
import { batchSummarySchema } from '../contracts/batch-summary.js';
import { summarize } from './summary.js';
import { decidedItem, failedItem, sampleBatchId, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const violin = [0.125, 0.75];
const drums = [0.875, 0];
const nothing = [0.25, 0.125];

async function summaryOf(items: ItemResult[], labels: readonly string[] = card.labels) {
  return batchSummarySchema.parse(await summarize(streamOf(items), labels));
}

describe('summarize', () => {
  it('counts states, reuse, duplicates, formats and failures by code', async () => {
    const summary = await summaryOf([
      decidedItem(card, { rows: [violin] }),
      decidedItem(card, { rows: [violin] }, { reused: { batchId: sampleBatchId, index: 1 } }),
      decidedItem(card, { rows: [violin] }, { duplicateOf: 0 }),
      failedItem('audio_corrupt'),
      failedItem('audio_corrupt'),
      failedItem('audio_empty'),
    ]);
    expect(summary.clips).toEqual({ total: 6, succeeded: 3, failed: 3, reused: 1, duplicates: 1 });
    expect(summary.failuresByCode).toEqual({ audio_corrupt: 2, audio_empty: 1 });
    expect(summary.formats).toEqual({ wav: 3 });
    expect(summary.agreement).toBeUndefined();
  });

  it('adds up hours from segments: 2.5 s of violin and 0.75 s of drums in one violin clip', async () => {
    const rows = [violin, violin, drums];
    const { instruments } = await summaryOf([decidedItem(card, { rows, durationSeconds: 3.25 })]);
    expect(instruments).toEqual([
      { name: 'violin', clips: 1, segments: 1, hours: 2.5 / 3600 },
      { name: 'drums', clips: 0, segments: 1, hours: 0.75 / 3600 },
      { name: 'unknown', clips: 0, segments: 0, hours: 0 },
      { name: 'mute', clips: 0, segments: 0, hours: 0 },
    ]);
  });

  it('gives the shares of unknown and mute among clips with a result, with their intervals', async () => {
    const { unknown, mute } = await summaryOf([
      decidedItem(card, { rows: [violin] }),
      decidedItem(card, { rows: [violin] }),
      decidedItem(card, { rows: [nothing] }),
      decidedItem(card, { rows: [violin], levels: [-70] }),
      failedItem('audio_corrupt'),
    ]);
    expect(unknown).toMatchObject({ count: 1, of: 4, share: 0.25 });
    expect(unknown.interval![0]).toBeCloseTo(0.0456, 4);
    expect(unknown.interval![1]).toBeCloseTo(0.6994, 4);
    expect(mute).toMatchObject({ count: 1, of: 4 });
  });

  it('puts confidences 0.75 and 1 into bins 15 and 19 of 20, and leaves mute out', async () => {
    const { confidence } = await summaryOf([
      decidedItem(card, { rows: [violin] }),
      decidedItem(card, { rows: [[1, 0]] }),
      decidedItem(card, { rows: [violin], levels: [-70] }),
    ]);
    expect(confidence).toHaveLength(20);
    expect(confidence.flatMap(({ clips }, bin) => (clips > 0 ? [[bin, clips]] : []))).toEqual([
      [15, 1],
      [19, 1],
    ]);
  });

  it('gives total, mean, shortest and longest of the clips whose length is known', async () => {
    const { durations } = await summaryOf([
      decidedItem(card, { rows: [violin], durationSeconds: 1 }),
      failedItem('inference_failed', { clip: { durationSeconds: 4 } }),
      failedItem('audio_corrupt'),
    ]);
    expect(durations).toEqual({ clips: 2, totalSeconds: 5, meanSeconds: 2.5, shortestSeconds: 1, longestSeconds: 4 });
  });

  it('judges expected labels: 2 of 4 right, a flute is foreign, a failed clip is not judged', async () => {
    const { agreement } = await summaryOf([
      decidedItem(card, { rows: [violin] }, { expected: ' Violin' }),
      decidedItem(card, { rows: [drums] }, { expected: 'violin' }),
      decidedItem(card, { rows: [nothing] }, { expected: 'flute' }),
      decidedItem(card, { rows: [violin] }, { expected: 'flute' }),
      decidedItem(card, { rows: [violin] }),
      failedItem('audio_corrupt', { expected: 'drums' }),
    ]);
    expect(agreement).toMatchObject({
      accuracy: { count: 2, of: 4, share: 0.5 },
      failed: 1,
      foreignLabels: { flute: 2 },
    });
    expect(agreement!.confusion).toEqual({
      rows: ['violin', 'unknown'],
      columns: ['drums', 'violin', 'unknown', 'mute'],
      counts: [
        [1, 1, 0, 0],
        [0, 1, 1, 0],
      ],
    });
  });

  it('keeps at most 100 foreign labels and goes on counting those', async () => {
    const names = [...Array.from({ length: 150 }, (_, at) => `f${at}`), 'f7'];
    const { agreement } = await summaryOf(
      names.map((expected) => decidedItem(card, { rows: [nothing] }, { expected })),
    );
    expect(Object.keys(agreement!.foreignLabels)).toHaveLength(100);
    expect(agreement!.foreignLabels['f7']).toBe(2);
    expect(agreement!.accuracy).toMatchObject({ count: 151, of: 151 });
  });

  it('takes a clip decided by a model with other labels for wrong', async () => {
    const other = sampleCard({ labels: ['flute', 'oboe'] });
    const { agreement, instruments } = await summaryOf([decidedItem(other, { rows: [drums] }, { expected: 'violin' })]);
    expect(agreement).toMatchObject({ accuracy: { count: 0, of: 1 }, confusion: { rows: [] } });
    expect(instruments[0]).toMatchObject({ name: 'flute', clips: 1 });
  });

  it('sums up a preflight and an empty batch', async () => {
    const { result: _, windows: _windows, ...probed } = decidedItem(card, { rows: [violin] });
    expect(await summaryOf([probed], [])).toMatchObject({
      clips: { succeeded: 1 },
      instruments: [],
      formats: { wav: 1 },
    });
    expect(await summaryOf([], [])).toMatchObject({
      clips: { total: 0 },
      unknown: { share: null, interval: null },
      durations: { meanSeconds: null },
    });
  });
});
