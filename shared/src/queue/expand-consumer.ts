/**
 * Takes the task of reading a batch's source. One at a time would let a huge archive hold up small ones, so a few run side by
 * side; what was read stays read, and another process goes on where a dead one stopped.
 */
import { Worker, type Job } from 'bullmq';
import { AppError, toAppError } from '../errors.js';
import { isBatchEnded, type BatchSpec } from '../contracts/batch.js';
import { expandQueue, expandTaskSchema } from '../contracts/pipeline.js';
import type { BatchLedger } from '../batch/batch-ledger.js';
import type { BatchRecord } from '../batch/batch-record.js';
import { jobError } from './job-record.js';
import { spanOfTask, type Tracing } from '../observability/tracing.js';
import type { Logger } from '../observability/logger.js';
import type { CancelBus } from './cancel-bus.js';
import { outages } from './outages.js';
import type { Redis } from './redis-connection.js';
import { deliveryRules, guardWorker, type StageConsumer } from './stage-consumer.js';
import { RetryTask } from './stage-runner.js';

/**
 * Reads the source from where it stopped. Resolves with `undefined` at its end, with the error that ends the batch's growth
 * (what was found before it stays), or with `overtaken` when another reader is ahead: the end is then for that one to tell.
 */
export type ExpandHandler = (
  batch: { spec: BatchSpec; record: BatchRecord },
  signal: AbortSignal,
) => Promise<AppError | 'overtaken' | undefined>;

export interface ExpandConsumerOptions {
  handler: ExpandHandler;
  batches: BatchLedger;
  cancels: CancelBus;
  connection: Redis;
  log: Logger;
  tracing: Tracing;
}

const sideBySide = 3;

export function createExpandConsumer({
  handler,
  batches,
  cancels,
  connection,
  log,
  tracing,
}: ExpandConsumerOptions): StageConsumer {
  const stopping = new AbortController();
  const expand = async (job: Job): Promise<string> => {
    const task = expandTaskSchema.parse(job.data);
    const attributes = { 'timbre.batch.id': task.batchId };
    const span = spanOfTask(tracing, 'expand', task, { nowMs: Date.now(), attributes });
    let outcome = 'retry';
    try {
      return (outcome = await expandBatch(task.batchId));
    } finally {
      span.end({ attributes: { 'timbre.outcome': outcome } });
    }
  };
  const expandBatch = async (batchId: string): Promise<string> => {
    const record = await batches.read(batchId);
    if (!record || isBatchEnded(record.state) || record.expanded) return 'superseded';
    const { controller, done } = cancels.watch(batchId);
    const signal = AbortSignal.any([controller.signal, stopping.signal]);
    const started = Date.now();
    try {
      const ended = await handler({ spec: record.spec, record }, signal);
      if (ended === 'overtaken') return 'superseded';
      const outcome = await batches.expanded(batchId, ended ? jobError(ended) : undefined);
      log.info({ batchId, outcome, code: ended?.code, seconds: (Date.now() - started) / 1000 }, 'expanded');
      return outcome;
    } catch (thrown) {
      if (controller.signal.aborted && !(controller.signal.reason instanceof AppError)) return 'ended_elsewhere';
      const error = toAppError(thrown);
      log.warn({ batchId, code: error.code, detail: error.message, err: error.cause }, 'expanding failed');
      // A fault of the source itself is told; anything else is ours or passes, and is tried again until the deadline.
      if (!error.retryable && !outages.has(error.code)) {
        await batches.expanded(batchId, jobError(error));
        return 'failed';
      }
      throw new RetryTask(error.message, { cause: error });
    } finally {
      done();
    }
  };
  const worker = new Worker(expandQueue, expand, {
    connection,
    concurrency: sideBySide,
    ...deliveryRules,
  });
  guardWorker(worker, log);
  return {
    start: () => void worker.run().catch((error: unknown) => log.error({ err: error }, 'expand consumer ended')),
    async drain() {
      // Reading goes on elsewhere from the last shard: nothing is gained by waiting for the end of an archive.
      stopping.abort(new AppError('shutting_down'));
      await worker.close();
    },
  };
}
