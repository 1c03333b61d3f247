import { describe, expect, it } from 'vitest';
import { arrange, type ItemRow, type Sorting } from './item-rows.js';

const row = (index: number, more: Partial<ItemRow>): ItemRow => ({
  index,
  jobId: `b-${index}`,
  path: `clip ${index}.wav`,
  state: 'succeeded',
  name: undefined,
  confidence: undefined,
  seconds: undefined,
  code: undefined,
  expected: undefined,
  ...more,
});
const rows = [
  row(0, { name: 'violin', confidence: 0.9 }),
  row(1, { name: 'drums', confidence: 0.4 }),
  row(2, { state: 'failed', code: 'audio_empty' }),
  row(3, { name: 'drums', confidence: 0.9, path: 'Other.WAV' }),
];
const all = { text: '', kind: '' };
const order = (filter: typeof all, sorting: Sorting) => arrange(rows, filter, sorting).map(({ index }) => index);

describe('arrange', () => {
  it('puts rows without a value last in both directions, and equal ones in the order of the batch', () => {
    expect(order(all, { column: 'confidence', descending: false })).toEqual([1, 0, 3, 2]);
    expect(order(all, { column: 'confidence', descending: true })).toEqual([0, 3, 1, 2]);
  });

  it('finds by a part of the name whatever its case, and by label or error code', () => {
    const byIndex: Sorting = { column: 'index', descending: false };
    expect(order({ text: 'other.w', kind: '' }, byIndex)).toEqual([3]);
    expect(order({ text: '', kind: 'drums' }, byIndex)).toEqual([1, 3]);
    expect(order({ text: '', kind: 'audio_empty' }, byIndex)).toEqual([2]);
  });

  it('leaves what it was given as it is', () => {
    arrange(rows, all, { column: 'index', descending: true });
    expect(rows.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });
});
