import { describe, expect, it } from 'vitest';
import type { ItemResult } from '../contracts/batch.js';
import { evaluate } from './evaluation.js';
import { decidedItem, sampleBatchId, sampleCard } from './testing/sample-items.js';

const card = sampleCard();
const heard = (drums: number, changes: Partial<ItemResult>) =>
  decidedItem(card, { rows: [[drums, 1 - drums]] }, changes);

async function* stream(items: ItemResult[]) {
  for (const [index, item] of items.entries()) {
    await Promise.resolve();
    yield { ...item, index };
  }
}
const report = (items: ItemResult[]) => evaluate(stream(items), { batchId: sampleBatchId, labels: card.labels });

describe('evaluate', () => {
  it('counts 2 of 3 right, a foreign clip that was named, one that failed and one nobody labelled', async () => {
    const failed: ItemResult = { index: 0, path: 'x', expected: 'drums', state: 'failed', clip: {}, finishedAtMs: 0 };
    const { clips, figures, foreignLabels, mistakes } = await report([
      heard(0.9, { expected: 'drums' }),
      heard(0.2, { expected: 'Violin' }),
      heard(0.7, { expected: 'violin', path: 'violin/wrong.wav' }),
      heard(0.95, { expected: 'flute', path: 'flute/named.wav' }),
      failed,
      heard(0.9, {}),
    ]);
    expect(clips).toEqual({ total: 6, judged: 4, failed: 1, unlabelled: 1 });
    expect(figures.accuracy).toMatchObject({ count: 2, of: 3 });
    expect(figures.rejection).toMatchObject({ count: 0, of: 1 });
    expect(foreignLabels).toEqual({ flute: 1 });
    expect(mistakes.map(({ jobId, path, decision }) => [jobId, path, decision])).toEqual([
      [`${sampleBatchId}-3`, 'flute/named.wav', 'drums'],
      [`${sampleBatchId}-2`, 'violin/wrong.wav', 'drums'],
    ]);
  });

  it('keeps the 100 most confident of 300 mistakes and 100 of 250 foreign labels', async () => {
    const wrong = Array.from({ length: 300 }, (_, i) => heard(0.6 + i / 1000, { expected: 'violin' }));
    const foreign = Array.from({ length: 250 }, (_, i) => heard(0.5001, { expected: `sound ${i}` }));
    const { mistakes, foreignLabels, figures } = await report([...wrong, ...foreign]);
    expect(mistakes).toHaveLength(100);
    expect(mistakes[0]?.confidence).toBeCloseTo(0.899, 3);
    expect(mistakes[99]?.confidence).toBeCloseTo(0.8, 3);
    expect(Object.keys(foreignLabels)).toHaveLength(100);
    expect(figures.rejectionByLabel).toHaveLength(101);
    expect(figures.rejection.of).toBe(250);
  });
});
