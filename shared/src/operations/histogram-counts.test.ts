import { describe, expect, it } from 'vitest';
import type { HistogramCounts } from '../contracts/process-report.js';
import {
  countersSince,
  countOf,
  histogramsSince,
  mergeCounters,
  mergeHistograms,
  quantileOf,
} from './histogram-counts.js';

const histogram = (stage: string, buckets: number[], sum = 0): HistogramCounts => ({
  labels: { stage },
  le: [1, 2, 4],
  buckets,
  sum,
});

describe('quantileOf', () => {
  it('goes linearly through the bucket: the median of 10 in (1, 2] is 1.5', () => {
    expect(quantileOf(histogram('a', [0, 10, 0, 0]), 0.5)).toBe(1.5);
  });

  it('gives the highest bound for what lies above it, and null for nothing', () => {
    expect(quantileOf(histogram('a', [1, 0, 0, 9]), 0.95)).toBe(4);
    expect(quantileOf(histogram('a', [0, 0, 0, 0]), 0.5)).toBeNull();
  });

  it('passes over empty buckets', () => {
    expect(quantileOf(histogram('a', [5, 0, 5, 0]), 0.9)).toBeCloseTo(3.6, 12);
  });
});

describe('what was added', () => {
  it('is the difference between two looks; series with nothing new are left out, new ones are whole', () => {
    const since = histogramsSince(
      [histogram('a', [3, 1, 0, 0], 5), histogram('b', [1, 0, 0, 0], 1), histogram('c', [2, 0, 0, 0], 1)],
      [histogram('a', [1, 1, 0, 0], 3), histogram('b', [1, 0, 0, 0], 1)],
    );
    expect(since).toEqual([histogram('a', [2, 0, 0, 0], 2), histogram('c', [2, 0, 0, 0], 1)]);
  });

  it('of counters is told by labels in any order', () => {
    const now = [{ labels: { a: '1', b: '2' }, count: 7 }];
    expect(countersSince(now, [{ labels: { b: '2', a: '1' }, count: 4 }])).toEqual([{ ...now[0], count: 3 }]);
  });
});

describe('several processes', () => {
  it('are added up by labels', () => {
    const merged = mergeHistograms([
      histogram('a', [1, 0, 0, 0], 1),
      histogram('a', [0, 2, 0, 1], 9),
      histogram('b', [1, 0, 0, 0]),
    ]);
    expect(merged.map((each) => [each.labels['stage'], countOf(each), each.sum])).toEqual([
      ['a', 4, 10],
      ['b', 1, 0],
    ]);
    expect(
      mergeCounters([
        { labels: { a: '1' }, count: 1 },
        { labels: { a: '1' }, count: 2 },
      ]),
    ).toEqual([{ labels: { a: '1' }, count: 3 }]);
  });
});
