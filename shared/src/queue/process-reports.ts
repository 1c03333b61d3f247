/**
 * Reports of the living processes, in Redis with an end of life: what is not renewed is gone in 15 seconds. One key for each
 * process, a few KB; an index by time finds them.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { processReportSchema, type ProcessReport } from '../contracts/process-report.js';
import type { Metrics } from '../observability/metrics.js';
import { countersSince, histogramsSince } from '../operations/histogram-counts.js';
import { readMetrics, readModels, type MetricCounts } from '../operations/read-metrics.js';
import { version } from '../version.js';
import { withRedisDeadline, type Redis } from './redis-connection.js';

const everyMs = 3000;
const silentMs = 15_000;
/** Reports are about what happened in the last minute. */
const windowMs = 60_000;
const indexKey = 'timbre:processes';
const reportKey = (id: string) => `timbre:process:${id}`;
const mostProcesses = 1000;

export interface ReportingProcess {
  redis: Redis;
  service: string;
  metrics: Metrics;
  adminUrl: string;
  now?: () => number;
}

export function keepReporting(process: ReportingProcess): { stop: () => void } {
  const { redis, metrics } = process;
  const now = process.now ?? Date.now;
  const id = randomUUID();
  const startedAtMs = now();
  const looks: { atMs: number; counts: MetricCounts }[] = [];

  const report = async (): Promise<void> => {
    const atMs = now();
    const counts = await readMetrics(metrics);
    looks.push({ atMs, counts });
    while ((looks[1]?.atMs ?? Infinity) <= atMs - windowMs) looks.shift();
    const since = looks.length > 1 ? looks[0] : undefined;
    const content: ProcessReport = {
      ...identityOf(process, id),
      startedAtMs,
      atMs,
      models: await readModels(metrics),
      openStreams: await openStreamsOf(metrics),
      windowSeconds: (atMs - (since?.atMs ?? startedAtMs)) / 1000,
      ...countsSince(counts, since?.counts),
    };
    await redis
      .multi()
      .set(reportKey(id), JSON.stringify(content), 'PX', silentMs)
      .zadd(indexKey, atMs, id)
      .zremrangebyscore(indexKey, '-inf', atMs - 4 * silentMs)
      .zremrangebyrank(indexKey, 0, -mostProcesses - 1)
      .exec();
  };
  const send = () => void report().catch(() => undefined);
  send();
  const timer = setInterval(send, everyMs);
  return {
    stop() {
      clearInterval(timer);
      redis
        .multi()
        .del(reportKey(id))
        .zrem(indexKey, id)
        .exec()
        .catch(() => undefined);
    },
  };
}

/** Of the processes heard of lately, in no particular order. */
export async function readProcessReports(redis: Redis, nowMs: number): Promise<ProcessReport[]> {
  const ids = await withRedisDeadline(
    redis.zrangebyscore(indexKey, nowMs - silentMs, '+inf', 'LIMIT', 0, mostProcesses),
  );
  if (ids.length === 0) return [];
  const texts = await withRedisDeadline(redis.mget(ids.map(reportKey)));
  return texts.flatMap((text) => {
    // A process of another version may say other things.
    const parsed = processReportSchema.safeParse(text === null ? undefined : JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  });
}

function identityOf({ service, adminUrl }: ReportingProcess, id: string) {
  return {
    v: 1 as const,
    id,
    service,
    version,
    host: hostname(),
    pid: process.pid,
    adminUrl,
    rssBytes: process.memoryUsage.rss(),
  };
}

function countsSince(now: MetricCounts, before: MetricCounts | undefined): MetricCounts {
  if (!before) return now;
  const { histograms, counters } = now;
  return {
    histograms: {
      stage: histogramsSince(histograms.stage, before.histograms.stage),
      endToEnd: histogramsSince(histograms.endToEnd, before.histograms.endToEnd),
      batchWindows: histogramsSince(histograms.batchWindows, before.histograms.batchWindows),
      streamWindow: histogramsSince(histograms.streamWindow, before.histograms.streamWindow),
    },
    counters: {
      clips: countersSince(counters.clips, before.counters.clips),
      audioSeconds: countersSince(counters.audioSeconds, before.counters.audioSeconds),
      jobsFinished: countersSince(counters.jobsFinished, before.counters.jobsFinished),
    },
  };
}

async function openStreamsOf(metrics: Metrics): Promise<number> {
  const { values } = await metrics.streamsOpen.get();
  return values.reduce((sum, { value }) => sum + value, 0);
}
