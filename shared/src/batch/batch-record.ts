/** A batch record as the ledger holds it, and the view of it that clients get. */
import type { BatchSpec, BatchState, BatchView } from '../contracts/batch.js';
import { isBatchEnded } from '../contracts/batch.js';
import type { JobError } from '../contracts/job.js';
import { paceOf, type Pace } from './pace.js';

export interface BatchRecord {
  spec: BatchSpec;
  state: BatchState;
  paused: boolean;
  expanded: boolean;
  /** Where reading the source goes on. */
  resume: string;
  total: number;
  slices: number;
  shards: number;
  /** Slices handed out and not done. */
  inFlight: number;
  /** Clips at work. */
  running: number;
  succeeded: number;
  failed: number;
  reused: number;
  msTotal: number;
  msDone: number;
  failuresByCode: Record<string, number>;
  decisions: Record<string, number>;
  revision: number;
  round: number;
  /** Later than in the spec after a retry. */
  deadlineAtMs: number;
  /** Its clips cannot be read any more. */
  audioDeleted: boolean;
  startedAtMs: number | undefined;
  finishedAtMs: number | undefined;
  error: JobError | undefined;
}

/** `null` for the empty hash of a batch that does not exist. Only our own scripts write it. */
export function parseBatchRecord(hash: Record<string, string>): BatchRecord | null {
  if (!hash['spec'] || !hash['state']) return null;
  const count = (field: string) => Math.max(0, Number(hash[field] ?? 0));
  const time = (field: string) => (hash[field] ? Number(hash[field]) : undefined);
  const spec = JSON.parse(hash['spec']) as BatchSpec;
  return {
    spec,
    state: hash['state'] as BatchState,
    paused: hash['paused'] === '1',
    expanded: hash['expanded'] === '1',
    resume: hash['resume'] ?? '',
    total: count('total'),
    slices: count('slices'),
    shards: count('shards'),
    inFlight: count('inFlight'),
    running: count('running'),
    succeeded: count('succeeded'),
    failed: count('failed'),
    reused: count('reused'),
    msTotal: count('msTotal'),
    msDone: count('msDone'),
    failuresByCode: countsUnder(hash, 'code:'),
    decisions: countsUnder(hash, 'decision:'),
    revision: count('revision'),
    round: count('round'),
    deadlineAtMs: time('deadline') ?? spec.deadlineAtMs,
    audioDeleted: hash['audioDeleted'] === '1',
    startedAtMs: time('startedAt'),
    finishedAtMs: time('finishedAt'),
    error: hash['error'] ? (JSON.parse(hash['error']) as JobError) : undefined,
  };
}

function countsUnder(hash: Record<string, string>, prefix: string): Record<string, number> {
  const found = Object.entries(hash).filter(([field, value]) => field.startsWith(prefix) && Number(value) > 0);
  const named = found.map(([field, value]): [string, number] => [field.slice(prefix.length), Number(value)]);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const iso = (ms: number) => new Date(ms).toISOString();

export interface ViewExtras {
  nowMs: number;
  pace?: Pace | undefined;
  waiting?: { code: string; detail: string } | undefined;
}

/** The batch as clients see it now. */
export function batchViewOf(record: BatchRecord, { nowMs, pace, waiting }: ViewExtras): BatchView {
  const { spec, total, succeeded, failed } = record;
  const ended = isBatchEnded(record.state);
  const left = Math.max(0, total - succeeded - failed);
  const running = Math.min(left, record.running);
  const canceled = ended ? left : 0;
  const figures = pace && !ended ? paceOf(pace, record, nowMs) : undefined;
  return {
    id: spec.id,
    state: record.state,
    paused: record.paused && !ended,
    name: spec.name,
    model: spec.model,
    preflight: spec.preflight,
    ...(spec.source.kind === 'batch' ? { clipsOf: spec.source.batchId } : {}),
    createdAt: iso(spec.createdAtMs),
    ...(record.startedAtMs === undefined ? {} : { startedAt: iso(record.startedAtMs) }),
    ...(record.finishedAtMs === undefined ? {} : { finishedAt: iso(record.finishedAtMs) }),
    clips: {
      total,
      queued: left - running - canceled,
      running: canceled > 0 ? 0 : running,
      succeeded,
      failed,
      canceled,
      reused: record.reused,
    },
    failuresByCode: record.failuresByCode,
    decisions: record.decisions,
    audioSeconds: {
      // What was estimated counts until it is measured.
      total: (ended ? record.msDone : Math.max(record.msTotal, record.msDone)) / 1000,
      done: record.msDone / 1000,
    },
    ...figures,
    ...(waiting && !ended ? { waiting } : {}),
    ...(record.error ? { error: record.error } : {}),
    deadlineAt: iso(record.deadlineAtMs),
    audioExpiresAt: iso(spec.audioExpiresAtMs),
    expiresAt: iso(spec.expiresAtMs),
  };
}
