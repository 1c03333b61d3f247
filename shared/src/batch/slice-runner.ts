/**
 * One attempt at one slice: what `stage-runner` is for jobs. It claims the slice in the ledger, sets deadline and
 * cancellation, runs the stage's handler, and makes the outcome true. A clip that fails is a result like any other; only
 * what concerns the slice as a whole (no storage, no Redis) is tried again.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { AppError, toAppError } from '../errors.js';
import { errorCatalog } from '../error-catalog.js';
import {
  pipeline,
  sliceTaskSchema,
  type PackReference,
  type SliceTask,
  type StageName,
} from '../contracts/pipeline.js';
import type { BatchSpec, ItemResult } from '../contracts/batch.js';
import { traceIdOf } from '../observability/traceparent.js';
import { noTracing, spanOfTask, type Tracing } from '../observability/tracing.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { abortable } from '../queue/abortable.js';
import type { CancelBus } from '../queue/cancel-bus.js';
import { outages } from '../queue/outages.js';
import { isGood, RetryTask } from '../queue/stage-runner.js';
import type { TaskQueues } from '../queue/task-queues.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { BatchLedger, SliceBegin } from './batch-ledger.js';
import { readSliceItems, readSliceResults, writeSliceResults } from './batch-objects.js';
import type { Failure, FailureLog } from '../queue/failure-log.js';
import { isErrorCode } from '../error-catalog.js';
import { itemJobId } from '../results/item-view.js';
import { failedItem } from './item-results.js';
import { countDifference, countResults } from './slice-counts.js';

export interface SliceInput {
  task: SliceTask;
  spec: BatchSpec;
  pack: PackReference | undefined;
  /** Clips that ended their process too often: to be failed, not touched. */
  condemned: ReadonlySet<number>;
  /** To be worked on before all others: whether they end the process again decides. */
  suspects: ReadonlySet<number>;
  /** Results of an earlier round: what succeeded in them stays. */
  previous: readonly ItemResult[];
  /** Set in quarantine: clips go one at a time, each announced before it is touched. */
  announce: ((clip: number | undefined) => Promise<void>) | undefined;
  log: Logger;
}

export type SliceOutput =
  | { kind: 'advance'; pack: PackReference; audioSeconds: number; clips: number }
  | { kind: 'finish'; results: ItemResult[]; audioSeconds: number; clips: number }
  /** The slice pack is damaged: have it made again. */
  | { kind: 'remake'; cause: AppError };

export type SliceHandler = (input: SliceInput, signal: AbortSignal) => Promise<SliceOutput>;

export interface SliceRunnerDeps {
  /** Told of failures, for operators. */
  failures?: Pick<FailureLog, 'note'>;
  batches: BatchLedger;
  queues: TaskQueues;
  cancels: CancelBus;
  store: ObjectStore;
  metrics: Metrics;
  log: Logger;
  tracing?: Tracing;
  now?: () => number;
}

/** Deaths of processes that no clip is to blame for, after which the slice as a whole is. */
const maxUnexplainedDeaths = 8;

type Claim = Extract<SliceBegin, { kind: 'run' }>;

export function createSliceRunner(stage: StageName, handler: SliceHandler, deps: SliceRunnerDeps) {
  const { batches, queues, cancels, store, metrics, tracing = noTracing } = deps;
  const now = deps.now ?? Date.now;
  const { maxAttempts, attemptTimeoutMs } = pipeline[stage];

  const finish = async (task: SliceTask, token: string, results: ItemResult[], previous: readonly ItemResult[]) => {
    requireWhole(task, results);
    const owner = { tenant: task.tenant, id: task.batchId };
    const result = randomBytes(4).toString('hex');
    await writeSliceResults(store, owner, { slice: task.slice, token: result, results });
    const counts = countDifference(countResults(results), countResults(previous));
    const anyFailed = results.some(({ state }) => state === 'failed');
    if (!(await batches.commit(task, token, { result, counts, anyFailed }))) {
      metrics.tasksDropped.inc({ stage, reason: 'lost_commit' });
      return 'lost_commit';
    }
    observe(metrics, counts);
    deps.failures?.note(newFailures(task, results, previous, stage));
    return 'succeeded';
  };

  const applyOutput = async (
    input: SliceInput,
    token: string,
    generation: number,
    output: SliceOutput,
  ): Promise<string> => {
    const { task, previous } = input;
    if (output.kind === 'remake') {
      const next = await batches.remake(task, token);
      if (next === 'superseded') return next;
      if (next === 'exhausted') return failAll(input, token, output.cause);
      await queues.enqueueSlice(nextTask(task, 'preprocess', now()), { generation: next });
      return 'remake';
    }
    metrics.clipsProcessed.inc({ stage, lane: 'bulk' }, output.clips);
    metrics.audioSeconds.inc({ stage, lane: 'bulk' }, output.audioSeconds);
    if (output.kind === 'finish') return finish(task, token, output.results, previous);
    const answer = await batches.advance(task, token, output.pack, output.audioSeconds * 1000);
    if (answer !== 'advanced') return answer;
    await queues.enqueueSlice(nextTask(task, 'infer', now()), { generation });
    return 'advanced';
  };

  /** The slice itself cannot be worked on: each of its clips says why. */
  const failAll = async ({ task, previous }: SliceInput, token: string, error: AppError): Promise<string> => {
    const owner = { tenant: task.tenant, id: task.batchId };
    const items = await readSliceItems(store, owner, task).catch((failure: unknown) => {
      if (outages.has(toAppError(failure).code)) throw failure;
      return Array.from({ length: task.count }, (_, at) => ({ index: task.from + at, path: `#${task.from + at}` }));
    });
    const kept = new Map(previous.filter(({ state }) => state === 'succeeded').map((item) => [item.index, item]));
    const results = items.map((item) => kept.get(item.index) ?? failedItem(item, error, now()));
    return finish(task, token, results, previous);
  };

  const applyError = async (input: SliceInput, token: string, failures: number, error: AppError): Promise<string> => {
    const { task } = input;
    deps.log.warn(
      { batchId: task.batchId, slice: task.slice, stage, code: error.code, detail: error.message, err: error.cause },
      'attempt failed',
    );
    const giveBack = async (countFailure: boolean, cause: AppError): Promise<never> => {
      await batches.release(task, token, countFailure);
      metrics.taskRetries.inc({ stage, code: cause.code });
      throw new RetryTask(cause.message, { cause });
    };
    const outage = outages.has(error.code);
    // Whose deadline has passed is ended by the keeper, not clip by clip.
    if (error.code === 'deadline_exceeded') return giveBack(false, error);
    if (errorCatalog[error.code].retryable && (outage || failures + 1 < maxAttempts)) return giveBack(!outage, error);
    try {
      return await failAll(input, token, error);
    } catch (thrown) {
      // Not given back, the slice would pass for one whose process died.
      return giveBack(false, toAppError(thrown));
    }
  };

  const attempt = async (task: SliceTask, claim: Claim, token: string, quarantine: boolean): Promise<string> => {
    const { spec } = claim;
    const log = deps.log.child({ batchId: spec.id, slice: task.slice, stage, traceId: traceIdOf(task.traceparent) });
    const { controller, done } = cancels.watch(spec.id);
    const leftMs = Math.max(1, claim.deadlineAtMs - now());
    const limitMs = Math.min(attemptTimeoutMs, leftMs);
    const outOfTime =
      leftMs <= attemptTimeoutMs
        ? new AppError('deadline_exceeded')
        : new AppError('resource_limit', { detail: `not done within ${Math.round(limitMs / 1000)} s` });
    const timer = setTimeout(() => controller.abort(outOfTime), limitMs);
    const input: SliceInput = {
      task,
      spec,
      pack: claim.pack,
      condemned: new Set(claim.condemned),
      suspects: new Set(claim.suspects),
      previous: [],
      announce: quarantine ? async (clip) => void (await batches.mark(task, token, clip)) : undefined,
      log,
    };
    try {
      if (claim.previous !== undefined)
        input.previous = await readSliceResults(
          store,
          { tenant: spec.tenant, id: spec.id },
          task.slice,
          claim.previous,
        );
      if (claim.unexplainedDeaths >= maxUnexplainedDeaths)
        return await failAll(input, token, new AppError('item_quarantined'));
      const output = await abortable(handler(input, controller.signal), controller.signal);
      return await applyOutput(input, token, claim.generation, output);
    } catch (thrown) {
      if (controller.signal.aborted && !(controller.signal.reason instanceof AppError)) {
        // The batch ended elsewhere; giving the slice back lets it end now rather than by the clock.
        await batches.release(task, token, false).catch(() => undefined);
        return 'ended_elsewhere';
      }
      const error = toAppError(thrown);
      if (error.code === 'internal') log.error({ err: error.cause }, 'stage failed unexpectedly');
      return await applyError(input, token, claim.failures, error);
    } finally {
      clearTimeout(timer);
      done();
    }
  };

  /** Runs one delivery. Resolves with the outcome; throws `RetryTask` for another delivery. */
  return async (payload: unknown, quarantine: boolean): Promise<string> => {
    const delivered = sliceTaskSchema.parse(payload);
    const token = randomUUID();
    const started = now();
    const answer = await batches.begin(delivered, token, quarantine).catch((error: unknown) => {
      // It may still be carried out; given back behind it on the same connection, it does not count as a death.
      batches.release(delivered, token, false).catch(() => undefined);
      throw error;
    });
    if (answer.kind === 'run') {
      const attributes = { 'timbre.batch.id': delivered.batchId, 'timbre.slice': delivered.slice };
      const span = spanOfTask(tracing, stage, delivered, { nowMs: started, attributes });
      const task = { ...delivered, traceparent: span.traceparent };
      let outcome = 'retry';
      try {
        outcome = await attempt(task, answer, token, quarantine);
      } finally {
        const seconds = (now() - started) / 1000;
        span.end({ attributes: { 'timbre.outcome': outcome }, ...(isGood(outcome) ? {} : { error: outcome }) });
        metrics.taskSeconds.observe({ stage, lane: 'bulk', outcome }, seconds);
        deps.log.info(
          { batchId: task.batchId, slice: task.slice, clips: task.count, stage, outcome, seconds },
          'slice',
        );
      }
      return outcome;
    }
    if (answer.kind === 'quarantine') {
      metrics.deaths.inc({ stage });
      await queues.enqueueSlice(
        { ...delivered, enqueuedAtMs: now() },
        { generation: answer.generation, quarantine: true },
      );
    } else metrics.tasksDropped.inc({ stage, reason: answer.kind });
    return answer.kind;
  };
}

/**
 * Every clip of the slice once, and no other: a clip too many would be counted twice for good.
 * @throws AppError `internal`
 */
function requireWhole({ from, count }: SliceTask, results: readonly ItemResult[]): void {
  const indexes = new Set(results.map(({ index }) => index));
  const whole = Array.from({ length: count }, (_, at) => from + at).every((index) => indexes.has(index));
  if (!whole || results.length !== count)
    throw new AppError('internal', { detail: `${results.length} results for the ${count} clips of a slice` });
}

function observe(metrics: Metrics, counts: Record<string, number>): void {
  for (const [field, amount] of Object.entries(counts)) {
    if (amount <= 0) continue;
    if (field === 'succeeded' || field === 'failed') metrics.jobsFinished.inc({ lane: 'bulk', state: field }, amount);
    if (field.startsWith('code:')) metrics.jobFailures.inc({ code: field.slice(5) }, amount);
    if (field === 'reused') metrics.cacheHits.inc({ kind: 'result' }, amount);
  }
}

function nextTask(task: SliceTask, stage: StageName, nowMs: number): SliceTask {
  return { ...task, stage, enqueuedAtMs: nowMs };
}

/** Clips that failed and had not failed before. */
function newFailures(
  { batchId, tenant }: SliceTask,
  results: readonly ItemResult[],
  previous: readonly ItemResult[],
  stage: StageName,
): Failure[] {
  const before = new Map(previous.map(({ index, error }) => [index, error?.code]));
  return results.flatMap(({ index, error }) =>
    error && before.get(index) !== error.code && isErrorCode(error.code)
      ? [{ code: error.code, jobId: itemJobId(batchId, index), tenant, stage }]
      : [],
  );
}
