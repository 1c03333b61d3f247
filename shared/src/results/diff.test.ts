import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemResult } from '../contracts/batch.js';
import { batchDiffReportSchema, itemChangeSchema, type ItemChange } from '../contracts/batch-diff.js';
import { diffBatches, type DiffOptions } from './diff.js';
import { decidedItem, failedItem, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const clip = (index: number, row: number[], level = -20) =>
  decidedItem(card, { rows: [row], levels: [level] }, { index, path: `${index}.wav` });

async function diffOf(before: ItemResult[], after: ItemResult[], options?: DiffOptions) {
  const diff = diffBatches(streamOf(before), streamOf(after), options);
  const changes: ItemChange[] = [];
  for await (const change of diff.changes) changes.push(itemChangeSchema.parse(change));
  return { changes, report: batchDiffReportSchema.parse(diff.report()) };
}

describe('diffBatches', () => {
  it('names the strongest change of each clip and counts them', async () => {
    const before = [
      clip(0, [0.875, 0]),
      clip(1, [0.875, 0]),
      clip(2, [0.875, 0]),
      clip(3, [0.875, 0]),
      clip(4, [0.875, 0]),
      failedItem('audio_corrupt', { index: 5 }),
    ];
    const after = [
      clip(0, [0.875, 0]),
      clip(1, [0.75, 0]),
      clip(2, [0, 0.875]),
      clip(3, [0.25, 0.125]),
      failedItem('inference_failed', { index: 4, path: '4.wav' }),
      clip(5, [0.875, 0]),
    ];
    const { changes, report } = await diffOf(before, after);
    expect(changes.map(({ index, kind }) => [index, kind])).toEqual([
      [1, 'confidence'],
      [2, 'label'],
      [3, 'decision'],
      [4, 'state'],
      [5, 'state'],
    ]);
    expect(changes[1]).toEqual({
      index: 2,
      path: '2.wav',
      before: { state: 'succeeded', decision: 'label', label: 'drums', confidence: 0.875 },
      after: { state: 'succeeded', decision: 'label', label: 'violin', confidence: 0.875 },
      kind: 'label',
    });
    expect(changes[3]?.after).toMatchObject({ state: 'failed', label: null, errorCode: 'inference_failed' });
    expect(report).toEqual({
      clips: 6,
      unchanged: 1,
      changes: { state: 2, decision: 1, label: 1, confidence: 1 },
      transitions: [
        { from: 'drums', to: 'drums', clips: 2 },
        { from: 'drums', to: 'violin', clips: 1 },
        { from: 'drums', to: 'unknown', clips: 1 },
        { from: 'drums', to: 'failed', clips: 1 },
        { from: 'failed', to: 'drums', clips: 1 },
      ],
    });
  });

  it('tells of a confidence that moved by 0.05 or more, or by what is asked', async () => {
    const [before, after] = [[clip(0, [0.75, 0])], [clip(0, [0.71875, 0])]];
    expect((await diffOf(before, after)).changes).toEqual([]);
    expect((await diffOf(before, after, { minConfidenceChange: 0.03125 })).changes).toHaveLength(1);
    expect((await diffOf(before, before, { minConfidenceChange: 0 })).changes).toEqual([]);
  });

  it('takes another guess behind unknown for no change, and another error for one', async () => {
    expect((await diffOf([clip(0, [0.25, 0.125])], [clip(0, [0.125, 0.25])])).changes).toEqual([]);
    const errors = await diffOf([failedItem('audio_corrupt')], [failedItem('audio_empty')]);
    expect(errors.changes).toMatchObject([{ kind: 'state', before: { errorCode: 'audio_corrupt' } }]);
  });

  it('shows clips that one side lacks as absent', async () => {
    const { changes, report } = await diffOf([clip(1, [1, 0]), clip(2, [1, 0])], [clip(0, [1, 0]), clip(2, [1, 0])]);
    expect(changes).toMatchObject([
      { index: 0, path: '0.wav', before: { state: 'absent', confidence: null }, kind: 'state' },
      { index: 1, path: '1.wav', after: { state: 'absent' }, kind: 'state' },
    ]);
    expect(report).toMatchObject({ clips: 3, unchanged: 1 });
  });

  it('fails with storage_corrupt when a side is out of order', async () => {
    const corrupt = expect.objectContaining({ code: 'storage_corrupt' });
    await expect(diffOf([clip(1, [1, 0]), clip(0, [1, 0])], [])).rejects.toEqual(corrupt);
    await expect(diffOf([], [clip(1, [1, 0]), clip(1, [1, 0])])).rejects.toEqual(corrupt);
  });

  it('ends both sources when the reading ends early', async () => {
    const ended: string[] = [];
    async function* source(name: string) {
      try {
        for (let index = 0; ; index++) yield clip(index, name === 'before' ? [1, 0] : [0, 1]);
      } finally {
        ended.push(name);
      }
    }
    for await (const { index } of diffBatches(source('before'), source('after')).changes) if (index === 2) break;
    expect(ended.sort()).toEqual(['after', 'before']);
  });

  it('counts every clip once, whatever both sides lack', async () => {
    const side = fc.uniqueArray(fc.integer({ min: 0, max: 30 })).map((all) => all.sort((a, b) => a - b));
    const items = (indexes: number[]) => indexes.map((index) => clip(index, [1, 0]));
    await fc.assert(
      fc.asyncProperty(side, side, async (before, after) => {
        const { changes, report } = await diffOf(items(before), items(after));
        const all = new Set([...before, ...after]);
        expect(report.clips).toBe(all.size);
        expect(changes.length + report.unchanged).toBe(all.size);
        expect(report.transitions.reduce((sum, { clips }) => sum + clips, 0)).toBe(all.size);
      }),
    );
  });
});
