/** What each process says of itself every few seconds, for the operators' page: who it is, and what it did lately. */
import { z } from 'zod';

const count = z.number().nonnegative();

/** Counts of a Prometheus histogram over the last `windowSeconds`; `le` are the upper bounds, the last bucket has none. */
export const histogramSchema = z.strictObject({
  labels: z.record(z.string(), z.string()),
  le: z.array(z.number()),
  /** Not cumulative; one more than `le`. */
  buckets: z.array(count),
  sum: count,
});
export type HistogramCounts = z.infer<typeof histogramSchema>;

export const counterSchema = z.strictObject({ labels: z.record(z.string(), z.string()), count });
export type CounterCount = z.infer<typeof counterSchema>;

/** Which metrics a report carries, by the name it calls them. */
export const reportedHistograms = ['stage', 'endToEnd', 'batchWindows', 'streamWindow'] as const;
export const reportedCounters = ['clips', 'audioSeconds', 'jobsFinished'] as const;

export const processReportSchema = z.strictObject({
  v: z.literal(1),
  id: z.string(),
  service: z.string(),
  version: z.string(),
  host: z.string(),
  pid: z.int(),
  adminUrl: z.string(),
  startedAtMs: z.number(),
  atMs: z.number(),
  rssBytes: count,
  models: z.array(z.strictObject({ model: z.string(), provider: z.string() })),
  openStreams: count,
  /** What the counts below are over. */
  windowSeconds: count,
  histograms: z.record(z.enum(reportedHistograms), z.array(histogramSchema)),
  counters: z.record(z.enum(reportedCounters), z.array(counterSchema)),
});
export type ProcessReport = z.infer<typeof processReportSchema>;
