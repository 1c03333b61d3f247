/** Arithmetic of histogram counts: what happened between two looks, several processes together, quantiles. Pure. */
import type { CounterCount, HistogramCounts } from '../contracts/process-report.js';

const keyOf = ({ labels }: { labels: Record<string, string> }): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Histograms whose labels are equal, added up. All have the same bounds: they are the same metric. */
export function mergeHistograms(all: readonly HistogramCounts[]): HistogramCounts[] {
  const merged = new Map<string, HistogramCounts>();
  for (const each of all) {
    const key = keyOf(each);
    const known = merged.get(key);
    merged.set(key, known ? combine(known, each, 1) : each);
  }
  return [...merged.values()];
}

/** What was added since `before`; a process starts from nothing. Series to which nothing was added are left out. */
export function histogramsSince(
  now: readonly HistogramCounts[],
  before: readonly HistogramCounts[],
): HistogramCounts[] {
  const old = new Map(before.map((each) => [keyOf(each), each]));
  return now
    .map((each) => {
      const known = old.get(keyOf(each));
      return known ? combine(each, known, -1) : each;
    })
    .filter((each) => countOf(each) > 0);
}

export function mergeCounters(all: readonly CounterCount[]): CounterCount[] {
  const merged = new Map<string, CounterCount>();
  for (const { labels, count } of all) {
    const key = keyOf({ labels });
    merged.set(key, { labels, count: (merged.get(key)?.count ?? 0) + count });
  }
  return [...merged.values()];
}

export function countersSince(now: readonly CounterCount[], before: readonly CounterCount[]): CounterCount[] {
  const old = new Map(before.map((each) => [keyOf(each), each.count]));
  return now
    .map(({ labels, count }) => ({ labels, count: count - (old.get(keyOf({ labels })) ?? 0) }))
    .filter(({ count }) => count > 0);
}

export function countOf({ buckets }: HistogramCounts): number {
  return buckets.reduce((sum, count) => sum + count, 0);
}

/**
 * As Prometheus' `histogram_quantile`: linear inside the bucket, the highest bound for what lies above it; `null` for no
 * observations.
 */
export function quantileOf(histogram: HistogramCounts, quantile: number): number | null {
  const { le, buckets } = histogram;
  const rank = quantile * countOf(histogram);
  if (countOf(histogram) === 0) return null;
  let below = 0;
  for (const [index, count] of buckets.entries()) {
    const upper = le[index];
    if (upper === undefined) break;
    if (below + count >= rank && count > 0) {
      const lower = le[index - 1] ?? 0;
      return lower + (upper - lower) * Math.max(0, (rank - below) / count);
    }
    below += count;
  }
  return le.at(-1) ?? null;
}

function combine(a: HistogramCounts, b: HistogramCounts, sign: 1 | -1): HistogramCounts {
  return {
    labels: a.labels,
    le: a.le,
    buckets: a.buckets.map((count, index) => Math.max(0, count + sign * (b.buckets[index] ?? 0))),
    sum: Math.max(0, a.sum + sign * b.sum),
  };
}
