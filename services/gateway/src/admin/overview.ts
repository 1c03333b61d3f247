/** The state of the whole system on one page, from Redis and the reports of its processes. Asks no other process. */
import { errorCatalog, isErrorCode } from '@timbre/shared/error-catalog';
import type { FailuresOfCodeView, LatencyView, OverviewView, QueueView } from '@timbre/shared/contracts/operations';
import type { HistogramCounts, ProcessReport } from '@timbre/shared/contracts/process-report';
import { countOf, mergeCounters, mergeHistograms, quantileOf } from '@timbre/shared/operations/histogram-counts';
import type { FailureLog, FailuresOfCode } from '@timbre/shared/queue/failure-log';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { readProcessReports } from '@timbre/shared/queue/process-reports';
import { readRedisMemory, type Redis } from '@timbre/shared/queue/redis-connection';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';

export interface OverviewDeps {
  redis: Redis;
  ledger: Ledger;
  queues: TaskQueues;
  failures: FailureLog;
  now?: () => number;
}

export async function readOverview(deps: OverviewDeps): Promise<OverviewView> {
  const nowMs = (deps.now ?? Date.now)();
  const [liveJobs, memory, queues, reports, failures] = await Promise.all([
    deps.ledger.live(),
    readRedisMemory(deps.redis),
    readQueues(deps, nowMs),
    readProcessReports(deps.redis, nowMs),
    deps.failures.lastHour(),
  ]);
  return {
    at: new Date(nowMs).toISOString(),
    liveJobs,
    redis: { usedBytes: memory.used, limitBytes: memory.limit === 0 ? null : memory.limit },
    queues,
    failures: failures.map(failuresView),
    ...summarizeReports(reports),
  };
}

export function failuresView(failures: FailuresOfCode): FailuresOfCodeView {
  const { code } = failures;
  return { ...failures, title: isErrorCode(code) ? errorCatalog[code].title : code };
}

async function readQueues({ queues, ledger }: OverviewDeps, nowMs: number): Promise<QueueView[]> {
  const [depths, backlog] = await Promise.all([queues.depths(), ledger.backlog()]);
  return Promise.all(
    depths.map(async ({ stage, lane, queue, counts }) => ({
      queue,
      stage,
      lane,
      paused: await queues.isPaused(queue),
      waiting: (counts['waiting'] ?? 0) + (counts['paused'] ?? 0),
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      oldestSeconds: await queues.oldestWaitingSeconds(queue, nowMs),
      backlogAudioSeconds: backlog.get(queue)?.audioSeconds ?? 0,
      backlogJobs: backlog.get(queue)?.jobs ?? 0,
    })),
  );
}

type ReportSummary = Pick<
  OverviewView,
  'processes' | 'windowSeconds' | 'stages' | 'endToEnd' | 'throughput' | 'batchSizes' | 'liveSessions'
>;

/** Processes that started lately count for as long as they live. Pure. */
export function summarizeReports(reports: readonly ProcessReport[]): ReportSummary {
  const windowSeconds = Math.max(1, ...reports.map((report) => report.windowSeconds));
  const histograms = (name: keyof ProcessReport['histograms']) =>
    mergeHistograms(reports.flatMap((report) => report.histograms[name]));
  const counters = (name: keyof ProcessReport['counters']) =>
    mergeCounters(reports.flatMap((report) => report.counters[name]));
  const seconds = counters('audioSeconds');
  const label = ({ labels }: { labels: Record<string, string> }, name: string) => labels[name] ?? '';
  const latency = (histogram: HistogramCounts | undefined) => latencyOf(histogram, windowSeconds);
  return {
    windowSeconds,
    processes: reports.map(processView).sort((a, b) => (a.service < b.service ? -1 : 1)),
    stages: histograms('stage').map((each) => ({
      stage: label(each, 'stage'),
      lane: label(each, 'lane'),
      ...latency(each),
    })),
    endToEnd: histograms('endToEnd').map((each) => ({
      lane: label(each, 'lane'),
      state: label(each, 'state'),
      ...latency(each),
    })),
    throughput: counters('clips').map((each) => {
      const same = seconds.find((other) => ['stage', 'lane'].every((name) => label(other, name) === label(each, name)));
      return {
        stage: label(each, 'stage'),
        lane: label(each, 'lane'),
        clipsPerSecond: each.count / windowSeconds,
        audioSecondsPerSecond: (same?.count ?? 0) / windowSeconds,
      };
    }),
    batchSizes: histograms('batchWindows').map((each) => ({
      model: label(each, 'model'),
      runsPerSecond: countOf(each) / windowSeconds,
      meanWindows: meanOf(each),
      p50: quantileOf(each, 0.5),
      p95: quantileOf(each, 0.95),
    })),
    liveSessions: { windows: latency(histograms('streamWindow')[0]) },
  };
}

function processView(report: ProcessReport): OverviewView['processes'][number] {
  const { id, service, version, host, pid, adminUrl, startedAtMs, atMs, rssBytes, openStreams, models } = report;
  const clips = report.counters.clips.reduce((sum, { count }) => sum + count, 0);
  return {
    ...{ id, service, version, host, pid, adminUrl, rssBytes, openStreams, models },
    startedAt: new Date(startedAtMs).toISOString(),
    heardAt: new Date(atMs).toISOString(),
    clipsPerSecond: clips / Math.max(1, report.windowSeconds),
  };
}

function latencyOf(histogram: HistogramCounts | undefined, windowSeconds: number): LatencyView {
  if (!histogram) return { count: 0, perSecond: 0, meanSeconds: null, p50: null, p95: null, p99: null };
  const count = countOf(histogram);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((quantile) => quantileOf(histogram, quantile));
  return {
    count,
    perSecond: count / windowSeconds,
    meanSeconds: meanOf(histogram),
    p50: p50 ?? null,
    p95: p95 ?? null,
    p99: p99 ?? null,
  };
}

const meanOf = (histogram: HistogramCounts): number | null =>
  countOf(histogram) === 0 ? null : histogram.sum / countOf(histogram);
