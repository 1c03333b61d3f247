/** What operators see: `GET /v1/admin/overview` and `/v1/admin/failures`. */
import { z } from 'zod';

const count = z.int().nonnegative();
const amount = z.number().nonnegative();

export const queueViewSchema = z.strictObject({
  queue: z.string(),
  stage: z.string(),
  lane: z.string(),
  paused: z.boolean(),
  waiting: count,
  active: count,
  delayed: count,
  /** Age of the oldest task that waits; 0 when none does. */
  oldestSeconds: amount,
  backlogAudioSeconds: amount,
  backlogJobs: count,
});
export type QueueView = z.infer<typeof queueViewSchema>;

/** Quantiles as Prometheus estimates them from the same histograms; `null` without observations. */
const quantiles = { p50: amount.nullable(), p95: amount.nullable(), p99: amount.nullable() };

export const latencySchema = z.strictObject({ count, perSecond: amount, meanSeconds: amount.nullable(), ...quantiles });
export type LatencyView = z.infer<typeof latencySchema>;

export const processViewSchema = z.strictObject({
  id: z.string(),
  service: z.string(),
  version: z.string(),
  host: z.string(),
  pid: z.int(),
  adminUrl: z.string(),
  startedAt: z.iso.datetime(),
  heardAt: z.iso.datetime(),
  rssBytes: amount,
  openStreams: amount,
  models: z.array(z.strictObject({ model: z.string(), provider: z.string() })),
  clipsPerSecond: amount,
});

export const failureExampleViewSchema = z.strictObject({
  /** Of a job of `tenant`, whose keys alone can open it. */
  jobId: z.string(),
  tenant: z.string(),
  stage: z.string(),
  at: z.iso.datetime(),
});

export const failuresOfCodeSchema = z.strictObject({
  code: z.string(),
  title: z.string(),
  count,
  /** One number for each of the last 60 minutes, the oldest first. */
  perMinute: z.array(count),
  examples: z.array(failureExampleViewSchema),
});
export type FailuresOfCodeView = z.infer<typeof failuresOfCodeSchema>;

export const failuresViewSchema = z.strictObject({ sinceSeconds: count, failures: z.array(failuresOfCodeSchema) });

export const overviewSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Unfinished jobs in all. */
  liveJobs: count,
  redis: z.strictObject({ usedBytes: count, limitBytes: count.nullable() }),
  queues: z.array(queueViewSchema),
  processes: z.array(processViewSchema),
  /** What the rates and latencies are over. */
  windowSeconds: amount,
  stages: z.array(latencySchema.extend({ stage: z.string(), lane: z.string() })),
  endToEnd: z.array(latencySchema.extend({ lane: z.string(), state: z.string() })),
  throughput: z.array(
    z.strictObject({ stage: z.string(), lane: z.string(), clipsPerSecond: amount, audioSecondsPerSecond: amount }),
  ),
  batchSizes: z.array(
    z.strictObject({
      model: z.string(),
      runsPerSecond: amount,
      meanWindows: amount.nullable(),
      p50: amount.nullable(),
      p95: amount.nullable(),
    }),
  ),
  liveSessions: z.strictObject({ windows: latencySchema }),
  failures: z.array(failuresOfCodeSchema),
});
export type OverviewView = z.infer<typeof overviewSchema>;
