/**
 * One attempt of one task: the wrapper every stage shares. It parses the payload, claims the job in the ledger, sets
 * deadline and cancellation, runs the stage's handler, and makes the outcome true: hand on, finish, fail, or give back for
 * another attempt. Handlers know nothing of queues or records.
 */
import { randomUUID } from 'node:crypto';
import { AppError, toAppError } from '../errors.js';
import { errorCatalog } from '../error-catalog.js';
import { pipeline, taskSchema, type PackReference, type StageName, type Task } from '../contracts/pipeline.js';
import type { JobResult, JobTimings } from '../contracts/job.js';
import { traceIdOf } from '../observability/traceparent.js';
import { noTracing, spanOfTask, type Tracing } from '../observability/tracing.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { abortable } from './abortable.js';
import type { CancelBus } from './cancel-bus.js';
import type { FailureLog } from './failure-log.js';
import type { Ledger } from './ledger.js';
import { outages } from './outages.js';
import { terminalView, type JobProgress, type JobRecord, type Outcome } from './job-record.js';
import type { TaskQueues } from './task-queues.js';

export interface StageInput {
  record: JobRecord;
  pack: PackReference | undefined;
  log: Logger;
}

export type StageOutput =
  | { kind: 'advance'; pack: PackReference; progress: JobProgress; audioSeconds: number }
  | {
      kind: 'finish';
      result: JobResult;
      provider: string;
      modelDigest: string;
      timings: Partial<JobTimings>;
      audioSeconds: number;
    }
  /** The tensor pack is damaged: have it made again. */
  | { kind: 'remake'; cause: AppError };

export type StageHandler = (input: StageInput, signal: AbortSignal) => Promise<StageOutput>;

export interface RunnerDeps {
  /** Told of failures, for operators. */
  failures?: Pick<FailureLog, 'note'>;
  ledger: Ledger;
  queues: TaskQueues;
  cancels: CancelBus;
  metrics: Metrics;
  log: Logger;
  /** Seconds a finished record stays in Redis. */
  recordSeconds: number;
  tracing?: Tracing;
  now?: () => number;
}

/** Thrown to make BullMQ deliver the task again, after a backoff that grows with `attempt`. */
export class RetryTask extends Error {
  override readonly name = 'RetryTask';
}

export function createStageRunner(stage: StageName, handler: StageHandler, deps: RunnerDeps) {
  const { ledger, queues, cancels, metrics, tracing = noTracing } = deps;
  const now = deps.now ?? Date.now;
  const { maxAttempts, attemptTimeoutMs } = pipeline[stage];

  /** `token` of the attempt that decides; none when the ledger itself gave the job up. */
  const finish = async (record: JobRecord, outcome: Outcome, token?: string): Promise<void> => {
    const { spec } = record;
    const view = terminalView(record, outcome, now());
    const won = await ledger.commit(outcome.state, view, now() + deps.recordSeconds * 1000, token);
    if (!won) {
      metrics.tasksDropped.inc({ stage, reason: 'lost_commit' });
      return;
    }
    metrics.jobsFinished.inc({ lane: spec.lane, state: outcome.state });
    metrics.endToEndSeconds.observe({ lane: spec.lane, state: outcome.state }, view.timings.totalSeconds ?? 0);
    if (outcome.error) {
      const { code } = outcome.error;
      metrics.jobFailures.inc({ code });
      if (!spec.fleeting) deps.failures?.note([{ code, jobId: spec.id, tenant: spec.tenant, stage }]);
    }
    if (outcome.result)
      metrics.decisions.inc({
        model: spec.model,
        label: outcome.result.decision === 'label' ? (outcome.result.label ?? '') : outcome.result.decision,
      });
  };

  const applyOutput = async (input: StageInput, token: string, task: Task, output: StageOutput): Promise<string> => {
    const { record } = input;
    const { spec } = record;
    if (output.kind === 'remake') return remake(record, token, task, output.cause);
    metrics.clipsProcessed.inc({ stage, lane: spec.lane });
    metrics.audioSeconds.inc({ stage, lane: spec.lane }, output.audioSeconds);
    if (output.kind === 'advance') {
      const { pack, progress, audioSeconds: seconds } = output;
      // Sent together, in this order, on one connection: a round trip and a flush of Redis less. Where the job was not handed
      // on, whoever gets the task finds nothing to do.
      const [answer] = await Promise.all([
        ledger.advance(spec, token, { pack, progress, seconds }),
        queues.enqueue(nextTask(task, 'infer', now()), { generation: record.generation }),
      ]);
      return answer;
    }
    const { result, provider, modelDigest, timings } = output;
    await finish(record, { state: 'succeeded', result, provider, modelDigest, timings }, token);
    return 'succeeded';
  };

  const remake = async (record: JobRecord, token: string, task: Task, cause: AppError): Promise<string> => {
    const generation = await ledger.remake(record.spec, token);
    if (generation === 'superseded') return 'superseded';
    if (generation === 'exhausted') {
      await finish(record, { state: 'failed', error: cause }, token);
      return 'failed';
    }
    await queues.enqueue(nextTask(task, 'preprocess', now()), { generation });
    return 'remake';
  };

  /** Decides between another attempt and the end. */
  const applyError = async (record: JobRecord, token: string, failures: number, error: AppError): Promise<string> => {
    deps.log.warn(
      { jobId: record.spec.id, stage, code: error.code, detail: error.message, err: error.cause },
      'attempt failed',
    );
    const outage = outages.has(error.code);
    const again = errorCatalog[error.code].retryable && (outage || failures + 1 < maxAttempts);
    if (!again) {
      await finish(record, { state: 'failed', error }, token);
      return 'failed';
    }
    await ledger.release(record.spec.id, token, !outage);
    metrics.taskRetries.inc({ stage, code: error.code });
    throw new RetryTask(error.message, { cause: error });
  };

  const attempt = async (
    task: Task,
    record: JobRecord,
    claim: { token: string; pack: PackReference | undefined; failures: number },
  ): Promise<string> => {
    const { spec } = record;
    if (spec.deadlineAtMs <= now()) {
      await finish(record, { state: 'expired', error: new AppError('deadline_exceeded') }, claim.token);
      return 'expired';
    }
    const log = deps.log.child({ jobId: spec.id, stage, lane: spec.lane, traceId: traceIdOf(task.traceparent) });
    const { controller, done } = cancels.watch(spec.id);
    const limitMs = Math.min(attemptTimeoutMs, spec.deadlineAtMs - now());
    const outOfTime = new AppError(limitMs < attemptTimeoutMs ? 'deadline_exceeded' : 'resource_limit', {
      detail: `not done within ${Math.round(limitMs / 1000)} s`,
    });
    const timer = setTimeout(() => controller.abort(outOfTime), limitMs);
    const input: StageInput = { record, pack: claim.pack, log };
    try {
      const output = await abortable(handler(input, controller.signal), controller.signal);
      return await applyOutput(input, claim.token, task, output);
    } catch (thrown) {
      if (controller.signal.aborted && !(controller.signal.reason instanceof AppError)) return 'ended_elsewhere';
      const error = toAppError(thrown);
      if (error.code === 'deadline_exceeded' || spec.deadlineAtMs <= now()) {
        await finish(record, { state: 'expired', error: new AppError('deadline_exceeded') }, claim.token);
        return 'expired';
      }
      if (error.code === 'internal') log.error({ err: error.cause }, 'stage failed unexpectedly');
      return await applyError(record, claim.token, claim.failures, error);
    } finally {
      clearTimeout(timer);
      done();
    }
  };

  /** Runs one delivery. Resolves with the outcome; throws `RetryTask` for another delivery. */
  return async (payload: unknown, quarantine: boolean): Promise<string> => {
    const delivered = taskSchema.parse(payload);
    const token = randomUUID();
    const started = now();
    const answer = await ledger.begin(delivered.jobId, stage, token, quarantine).catch((error: unknown) => {
      // It may still be carried out; given back behind it on the same connection, it does not count as a death.
      ledger.release(delivered.jobId, token, false).catch(() => undefined);
      throw error;
    });
    if (answer.kind === 'run') {
      const attributes = { 'timbre.job.id': delivered.jobId, 'timbre.lane': delivered.lane };
      const span = spanOfTask(tracing, stage, delivered, { nowMs: started, attributes });
      // What follows from this attempt belongs to its span.
      const task = { ...delivered, traceparent: span.traceparent };
      let outcome = 'retry';
      try {
        outcome = await attempt(task, answer.record, { token, pack: answer.pack, failures: answer.failures });
      } finally {
        const seconds = (now() - started) / 1000;
        span.end({ attributes: { 'timbre.outcome': outcome }, ...(isGood(outcome) ? {} : { error: outcome }) });
        metrics.taskSeconds.observe({ stage, lane: task.lane, outcome }, seconds);
        deps.log.info(
          { jobId: task.jobId, stage, lane: task.lane, traceId: traceIdOf(task.traceparent), outcome, seconds },
          'task',
        );
      }
      return outcome;
    }
    if (answer.kind === 'quarantine') {
      metrics.deaths.inc({ stage });
      const record = await ledger.read(delivered.jobId);
      await queues.enqueue(delivered, { generation: record?.generation ?? 0, quarantine: true });
    } else if (answer.kind === 'poisoned') {
      metrics.deaths.inc({ stage });
      const record = await ledger.read(delivered.jobId);
      if (record)
        await finish(record, {
          state: 'failed',
          error: new AppError('item_quarantined', { details: { deaths: answer.deaths } }),
        });
    } else {
      metrics.tasksDropped.inc({ stage, reason: answer.kind });
    }
    return answer.kind;
  };
}

function nextTask(task: Task, stage: StageName, nowMs: number): Task {
  return { ...task, stage, enqueuedAtMs: nowMs };
}

/** Outcomes of an attempt that are no failure. */
export const isGood = (outcome: string): boolean => outcome === 'advanced' || outcome === 'succeeded';
