import { describe, expect, it } from 'vitest';
import type { HistogramCounts, ProcessReport } from '@timbre/shared/contracts/process-report';
import { summarizeReports } from './overview.js';

const infer = (buckets: number[], sum: number): HistogramCounts => ({
  labels: { stage: 'infer', lane: 'bulk' },
  le: [0.01, 0.1],
  buckets,
  sum,
});

const report = (id: string, change: Partial<ProcessReport> = {}): ProcessReport => ({
  v: 1,
  id,
  service: 'worker',
  version: '0',
  host: 'h',
  pid: 1,
  adminUrl: 'http://127.0.0.1:1',
  startedAtMs: 0,
  atMs: 60_000,
  rssBytes: 1,
  models: [{ model: 'm', provider: 'cpu' }],
  openStreams: 0,
  windowSeconds: 60,
  histograms: { stage: [infer([6, 0, 0], 0.03)], endToEnd: [], batchWindows: [], streamWindow: [] },
  counters: {
    clips: [{ labels: { stage: 'infer', lane: 'bulk' }, count: 30 }],
    audioSeconds: [{ labels: { lane: 'bulk', stage: 'infer' }, count: 90 }],
    jobsFinished: [],
  },
  ...change,
});

describe('summarizeReports', () => {
  it('adds two workers up: 60 clips and 180 s of audio in 60 s, and the quantiles of both together', () => {
    const slow = report('b', {
      histograms: { stage: [infer([0, 6, 0], 0.57)], endToEnd: [], batchWindows: [], streamWindow: [] },
    });
    const summary = summarizeReports([report('a'), slow]);
    expect(summary.throughput).toEqual([{ stage: 'infer', lane: 'bulk', clipsPerSecond: 1, audioSecondsPerSecond: 3 }]);
    const [stage] = summary.stages;
    expect(stage).toMatchObject({ stage: 'infer', lane: 'bulk', count: 12, perSecond: 0.2 });
    expect(stage?.meanSeconds).toBeCloseTo(0.05, 12);
    expect(stage?.p50).toBeCloseTo(0.01, 12);
    expect(stage?.p95).toBeCloseTo(0.091, 12);
    expect(summary.processes.map(({ clipsPerSecond }) => clipsPerSecond)).toEqual([0.5, 0.5]);
  });

  it('knows nothing where no process has reported', () => {
    expect(summarizeReports([])).toMatchObject({
      processes: [],
      stages: [],
      liveSessions: { windows: { count: 0, p50: null } },
    });
  });
});
