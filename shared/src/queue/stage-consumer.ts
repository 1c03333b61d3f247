/**
 * Takes tasks of one stage off its three queues and feeds them to the stage runner. Lock 10 s, renewal 3 s, stalled check
 * 3 s: a task of a killed process is delivered again within 16 s (BullMQ's defaults took 60 s). The event loop that renews
 * locks does no CPU work.
 */
import { Worker, type Job, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { pipeline, type QueueLane, type StageName } from '../contracts/pipeline.js';
import { createThrottledLog, type Logger } from '../observability/logger.js';
import { backoffMs } from './backoff.js';
import type { CancelBus } from './cancel-bus.js';
import { createProcessGate } from './process-gate.js';
import { RetryTask } from './stage-runner.js';
import { isBatchEnded } from '../contracts/batch.js';
import { isTerminal } from '../contracts/job.js';
import type { BatchLedger } from '../batch/batch-ledger.js';
import type { Ledger } from './ledger.js';

export interface ConsumerOptions {
  stage: StageName;
  run: (payload: unknown, quarantine: boolean) => Promise<string>;
  connection: Redis;
  ledger: Ledger;
  batches: BatchLedger;
  cancels: CancelBus;
  concurrency: { interactive: number; bulk: number };
  log: Logger;
}

export interface StageConsumer {
  start(): void;
  /** Takes nothing new, waits for what runs. */
  drain(): Promise<void>;
}

const lockMs = 10_000;
const checkMs = 3000;
/** Deliveries BullMQ may repeat after stalls; the ledger's count of deaths decides long before. */
const stalledLimit = 1000;

/** How every consumer of ours takes tasks. */
export const deliveryRules = {
  autorun: false,
  skipVersionCheck: true,
  lockDuration: lockMs,
  lockRenewTime: checkMs,
  stalledInterval: checkMs,
  maxStalledCount: stalledLimit,
  runRetryDelay: 1000,
  metrics: { maxDataPoints: 120 },
  settings: { backoffStrategy: (attempt: number) => backoffMs(attempt, { baseMs: 1000, capMs: 60_000 }) },
} as const satisfies Partial<WorkerOptions>;

export function createStageConsumer(options: ConsumerOptions): StageConsumer {
  const { stage, run, connection, concurrency, log } = options;
  const gate = createProcessGate();
  const lanes: Record<QueueLane, number> = { ...concurrency, quarantine: 1 };
  const workers = Object.entries(lanes).map(([lane, limit]) => {
    const quarantine = lane === 'quarantine';
    const attempt = async (job: Job): Promise<string> => {
      try {
        return await run(job.data, quarantine);
      } catch (error) {
        // What is not an ordered repeat is a fault of ours or of Redis; the queue delivers again either way.
        if (!(error instanceof RetryTask)) log.error({ err: error, stage, task: job.id }, 'delivery failed');
        throw error;
      }
    };
    const process = (job: Job): Promise<string> =>
      quarantine ? gate.exclusive(() => attempt(job)) : gate.shared(() => attempt(job));
    const worker = new Worker(pipeline[stage].queues[lane as QueueLane], process, {
      connection,
      concurrency: limit,
      ...deliveryRules,
    });
    guardWorker(worker, log);
    return worker;
  });
  const watchdog = watchRunning(options);

  return {
    start() {
      for (const worker of workers) worker.run().catch((error: unknown) => log.error({ err: error }, 'consumer ended'));
    },
    async drain() {
      watchdog.stop();
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/**
 * Logs errors at most once a second, and pauses a worker that meets five in a row (Redis full or refusing): left alone it
 * retries thousands of times a second.
 */
export function guardWorker(worker: Worker, log: Logger): void {
  const report = createThrottledLog((suppressed, message) =>
    log.warn({ message, suppressed, queue: worker.name }, 'consumer'),
  );
  let streak = 0;
  let pausedMs = 500;
  worker.on('error', (error: Error) => {
    if (error instanceof RetryTask) return;
    report(error.message);
    streak += 1;
    if (streak < 5 || worker.isPaused() || worker.closing) return;
    streak = 0;
    pausedMs = Math.min(pausedMs * 2, 15_000);
    worker.pause(true).catch(() => undefined);
    setTimeout(() => {
      if (!worker.closing) void Promise.resolve(worker.resume()).catch(() => undefined);
    }, pausedMs).unref();
  });
  worker.on('completed', () => {
    streak = 0;
    pausedMs = 500;
  });
}

/** Once a second asks the ledgers about running jobs and batches, in case the message that one was canceled went missing. */
function watchRunning({ ledger, batches, cancels, log }: ConsumerOptions): { stop: () => void } {
  let asking = false;
  const endedOf = async (ids: string[]): Promise<string[]> => {
    const [jobIds, batchIds] = [ids.filter((id) => id.startsWith('j')), ids.filter((id) => id.startsWith('b'))];
    const [jobs, records] = await Promise.all([ledger.readMany(jobIds), batches.readMany(batchIds)]);
    return [
      ...jobIds.filter((_, at) => !jobs[at] || isTerminal(jobs[at].state)),
      ...batchIds.filter(
        (_, at) => !records[at] || isBatchEnded(records[at].state) || records[at].state === 'canceling',
      ),
    ];
  };
  const look = async (): Promise<void> => {
    const ids = cancels.running();
    if (asking || ids.length === 0) return;
    asking = true;
    try {
      for (const id of await endedOf(ids)) cancels.abort(id);
    } catch (error) {
      log.debug({ err: error }, 'could not look after running jobs');
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void look(), 1000);
  return { stop: () => clearInterval(timer) };
}
