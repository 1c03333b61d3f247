/** A job record as the ledger holds it, and the view of it that clients get. */
import { errorCatalog, type ErrorCode } from '../error-catalog.js';
import type { AppError } from '../errors.js';
import type { StageName } from '../contracts/pipeline.js';
import {
  type JobError,
  type JobResult,
  type JobSpec,
  type JobState,
  type JobTimings,
  type JobView,
  type TerminalState,
} from '../contracts/job.js';
import type { ClipFacts } from '../contracts/clip.js';
import { version } from '../version.js';

/** What preprocessing learned, kept until the job ends. */
export interface JobProgress {
  clip?: Partial<ClipFacts> & { bytes?: number; sha256?: string };
  timings?: Partial<JobTimings>;
  /** When the tensor pack was ready; the infer wait counts from here. */
  packedAtMs?: number;
}

export interface JobRecord {
  spec: JobSpec;
  state: JobState;
  /** Stage that owns the job; `undefined` once terminal. */
  stage: StageName | undefined;
  generation: number;
  deaths: number;
  retries: number;
  startedAtMs: number | undefined;
  progress: JobProgress;
  /** The finished job, once terminal. */
  view: JobView | undefined;
}

/** `null` for the empty hash of a job that does not exist. Only our own scripts write it; checking it again costs 0.2 ms a read. */
export function parseJobRecord(hash: Record<string, string>): JobRecord | null {
  if (!hash['spec'] || !hash['state']) return null;
  const count = (field: string) => Number(hash[field] ?? 0);
  return {
    spec: JSON.parse(hash['spec']) as JobSpec,
    state: hash['state'] as JobState,
    stage: hash['stage'] as StageName | undefined,
    generation: count('generation'),
    deaths: count('deaths'),
    retries: count('retries'),
    startedAtMs: hash['startedAt'] ? Number(hash['startedAt']) : undefined,
    progress: hash['progress'] ? (JSON.parse(hash['progress']) as JobProgress) : {},
    view: hash['view'] ? (JSON.parse(hash['view']) as JobView) : undefined,
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

/** The job as clients see it now. */
export function viewOf(record: JobRecord): JobView {
  if (record.view) return record.view;
  const { spec, progress, startedAtMs } = record;
  const { decoder: _decoder, ...facts } = progress.clip ?? {};
  return {
    id: spec.id,
    state: record.state,
    lane: spec.lane,
    model: spec.model,
    createdAt: iso(spec.createdAtMs),
    ...(startedAtMs === undefined ? {} : { startedAt: iso(startedAtMs) }),
    clip: {
      name: spec.name,
      ...(spec.source.bytes === undefined ? {} : { bytes: spec.source.bytes }),
      ...(spec.source.sha256 === undefined ? {} : { sha256: spec.source.sha256 }),
      ...facts,
    },
    timings: { uploadSeconds: spec.uploadSeconds, ...progress.timings },
    attempts: startedAtMs === undefined ? 0 : 1 + record.retries,
    ...(spec.retryOf === undefined ? {} : { retryOf: spec.retryOf }),
    deadlineAt: iso(spec.deadlineAtMs),
    expiresAt: iso(spec.expiresAtMs),
  };
}

/** The job at the moment of its acceptance. */
export function acceptedView(spec: JobSpec): JobView {
  const nothing = { stage: 'preprocess', generation: 0, deaths: 0, retries: 0, startedAtMs: undefined } as const;
  return viewOf({ spec, state: 'queued', progress: {}, view: undefined, ...nothing });
}

export interface Outcome {
  state: TerminalState;
  result?: JobResult;
  error?: AppError;
  provider?: string;
  modelDigest?: string;
  timings?: Partial<JobTimings>;
}

/** The view a job ends with. */
export function terminalView(record: JobRecord, outcome: Outcome, nowMs: number): JobView {
  const { spec, progress } = record;
  const view = viewOf({ ...record, view: undefined });
  return {
    ...view,
    state: outcome.state,
    finishedAt: iso(nowMs),
    ...(outcome.result ? { result: outcome.result } : {}),
    ...(outcome.error ? { error: jobError(outcome.error) } : {}),
    provenance: {
      modelDigest: outcome.modelDigest ?? spec.modelDigest,
      featureDigest: spec.featureDigest,
      ...(progress.clip?.decoder === undefined ? {} : { decoder: progress.clip.decoder }),
      ...(outcome.provider === undefined ? {} : { provider: outcome.provider }),
      version,
    },
    timings: { ...view.timings, ...outcome.timings, totalSeconds: Math.max(0, (nowMs - spec.createdAtMs) / 1000) },
  };
}

/** A failure as clients see it. */
export function jobError(error: AppError): JobError {
  const entry = errorCatalog[error.code satisfies ErrorCode];
  return {
    code: error.code,
    title: entry.title,
    detail: error.message,
    retryable: entry.retryable,
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
  };
}
