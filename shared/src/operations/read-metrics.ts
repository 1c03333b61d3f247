/** The metrics of this process that its reports carry, read from the registry Prometheus reads. */
import type { CounterCount, HistogramCounts, ProcessReport } from '../contracts/process-report.js';
import type { Metrics } from '../observability/metrics.js';

export type MetricCounts = Pick<ProcessReport, 'histograms' | 'counters'>;

interface Value {
  labels: Partial<Record<string, string | number>>;
  value: number;
  metricName?: string;
}

interface Readable {
  get(): Promise<{ values: Value[] }>;
}

export async function readMetrics(metrics: Metrics): Promise<MetricCounts> {
  const [stage, endToEnd, batchWindows, streamWindow] = await Promise.all(
    [metrics.stageSeconds, metrics.endToEndSeconds, metrics.batchWindows, metrics.streamWindowSeconds].map(
      readHistogram,
    ),
  );
  const [clips, audioSeconds, jobsFinished] = await Promise.all(
    [metrics.clipsProcessed, metrics.audioSeconds, metrics.jobsFinished].map(readCounter),
  );
  return {
    histograms: {
      stage: stage ?? [],
      endToEnd: endToEnd ?? [],
      batchWindows: batchWindows ?? [],
      streamWindow: streamWindow ?? [],
    },
    counters: { clips: clips ?? [], audioSeconds: audioSeconds ?? [], jobsFinished: jobsFinished ?? [] },
  };
}

const textsOf = (labels: Value['labels']): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));

async function readCounter(counter: Readable): Promise<CounterCount[]> {
  return (await counter.get()).values.map(({ labels, value }) => ({ labels: textsOf(labels), count: value }));
}

/** prom-client gives cumulative buckets, in the order of their bounds, `+Inf` last. */
async function readHistogram(histogram: Readable): Promise<HistogramCounts[]> {
  const series = new Map<string, HistogramCounts>();
  for (const { labels, value, metricName } of (await histogram.get()).values) {
    const { le, ...rest } = textsOf(labels);
    const key = JSON.stringify(rest);
    const counts = series.get(key) ?? { labels: rest, le: [], buckets: [], sum: 0 };
    series.set(key, counts);
    if (metricName?.endsWith('_sum')) counts.sum = value;
    if (!metricName?.endsWith('_bucket') || le === undefined) continue;
    counts.buckets.push(value);
    if (le !== '+Inf') counts.le.push(Number(le));
  }
  for (const counts of series.values())
    counts.buckets = counts.buckets.map((value, index) => value - (counts.buckets[index - 1] ?? 0));
  return [...series.values()];
}

/** Models that this process serves. */
export async function readModels(metrics: Metrics): Promise<ProcessReport['models']> {
  const { values } = await metrics.modelLoaded.get();
  return values
    .filter(({ value }) => value === 1)
    .map(({ labels }) => ({ model: String(labels.model), provider: String(labels.provider) }));
}
