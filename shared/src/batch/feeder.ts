/**
 * Hands slices of batches out to the bulk lane: few at a time, so that queues stay short, whoever comes next does not wait
 * behind a whole archive, and Redis stays small. Whose slice goes next is decided by `fair-share`.
 *
 * How many may wait grows while the queue is found empty and shrinks while it is not: the window finds the pace of however
 * many processes there are. Any gateway may feed; a lease picks one.
 */
import type { Logger } from '../observability/logger.js';
import { createThrottledLog } from '../observability/logger.js';
import { createLease } from '../queue/lease.js';
import { withRedisDeadline, type Redis } from '../queue/redis-connection.js';
import type { TaskQueues } from '../queue/task-queues.js';
import { toAppError, type AppError } from '../errors.js';
import { jobError } from '../queue/job-record.js';
import type { BatchLedger } from './batch-ledger.js';
import { batchRedisKeys } from './batch-redis-keys.js';
import { createFairShare, type Candidate } from './fair-share.js';
import { isManifestLost, sliceTask, type SliceDirectory } from './slice-directory.js';
import type { BatchRecord } from './batch-record.js';
import type { SliceTask } from '../contracts/pipeline.js';

export interface FeederDeps {
  redis: Redis;
  subscriber: Redis;
  batches: BatchLedger;
  queues: TaskQueues;
  directory: SliceDirectory;
  /** Slices that wait in the queue at most. */
  maxWaiting: number;
  log: Logger;
  now?: () => number;
}

interface Open extends Candidate {
  record: BatchRecord;
}

const leaseKey = 'timbre:feeder';
const leaseMs = 5000;
const tickMs = 100;
const leastWaiting = 4;
/** Inference that falls behind holds back what comes to it. */
const mostWaitingInference = 128;
/** Batches looked at in one go. */
const mostBatches = 2000;

export type Feeder = ReturnType<typeof createFeeder>;

export function createFeeder(deps: FeederDeps) {
  const { redis, batches, queues, directory, log, maxWaiting } = deps;
  const now = deps.now ?? Date.now;
  const lease = createLease(redis, leaseKey, leaseMs);
  const shares = createFairShare();
  let window = leastWaiting;
  /** Slices handed out in the last turn. */
  let handedOut = 0;
  let leasedUntil = 0;

  const hasLease = async (): Promise<boolean> => {
    if (now() < leasedUntil - leaseMs / 2) return true;
    const taken = await lease.take();
    leasedUntil = taken ? now() + leaseMs : 0;
    return taken;
  };

  /** Batches with slices to hand out. */
  const openBatches = async (): Promise<Open[]> => {
    const ids = await withRedisDeadline(redis.zrange(batchRedisKeys.live, '0', String(mostBatches - 1)));
    if (ids.length === 0) return [];
    const asked = redis.pipeline();
    for (const id of ids) asked.bitpos(batchRedisKeys.todo(id), 1);
    const answers = (await withRedisDeadline(asked.exec())) ?? [];
    const waiting = ids.filter((_, at) => Number(answers[at]?.[1] ?? -1) >= 0);
    const records = await batches.readMany(waiting);
    return records.flatMap((record) => {
      if (!record || record.paused || (record.state !== 'running' && record.state !== 'expanding')) return [];
      const { id, tenant, weight } = record.spec;
      return [{ id, tenant, weight, record }];
    });
  };

  const roomIn = async (): Promise<number> => {
    const [waiting, inferring] = await Promise.all([queues.waitingBulk('preprocess'), queues.waitingBulk('infer')]);
    // Only what was handed out and is gone already says that there could be more.
    if (waiting === 0) window = handedOut > 0 ? Math.min(maxWaiting, window * 2) : leastWaiting;
    else if (waiting > window * 0.75) window = Math.max(leastWaiting, window * 0.9);
    return inferring > mostWaitingInference ? 0 : Math.floor(window) - waiting;
  };

  /** Slices handed out. */
  const tick = async (): Promise<number> => {
    if (!(await hasLease())) return 0;
    let room = await roomIn();
    handedOut = 0;
    if (room <= 0) return 0;
    let open = await openBatches();
    const tasks: SliceTask[] = [];
    let failure: AppError | undefined;
    while (room > 0 && open.length > 0) {
      const chosen = shares.pick(open);
      if (!chosen) break;
      // Alone, a batch need not be asked for each slice.
      const wanted = open.length === 1 ? room : 1;
      const slices = await batches.feed(chosen.id, wanted);
      if (slices.length < wanted) open = open.filter((batch) => batch !== chosen);
      try {
        tasks.push(...(await tasksOf(chosen, slices)));
      } catch (error) {
        open = open.filter((batch) => batch !== chosen);
        failure = toAppError(error);
      }
      room -= slices.length;
    }
    await queues.enqueueSlices(tasks);
    handedOut = tasks.length;
    if (failure) throw failure;
    return handedOut;
  };

  /** @throws AppError when the manifest cannot be read; the slices wait again then, or the batch is given up */
  const tasksOf = async (chosen: Open, slices: readonly number[]): Promise<SliceTask[]> => {
    const { spec, round } = chosen.record;
    const tasks: SliceTask[] = [];
    try {
      for (const slice of slices) {
        const found = await directory.find(spec, slice);
        shares.charge(chosen, found.audioMs);
        tasks.push(sliceTask(spec, found, { stage: 'preprocess', round, nowMs: now() }));
      }
      return tasks;
    } catch (thrown) {
      const error = toAppError(thrown);
      if (isManifestLost(error)) await batches.giveUp(spec.id, jobError(error));
      else for (const slice of slices) await batches.takeBack(spec.id, slice);
      throw error;
    }
  };

  /** Feeds for as long as the process lives: ten times a second while there is something, and when something changed. */
  const run = (): { stop: () => Promise<void> } => {
    const report = createThrottledLog(
      (suppressed, message) => log.warn({ message, suppressed }, 'feeding failed'),
      5000,
    );
    let stopped = false;
    let wake: () => void = () => undefined;
    let hints = 0;
    const onMessage = (channel: string): void => {
      if (channel !== batchRedisKeys.feed) return;
      hints += 1;
      wake();
    };
    deps.subscriber.on('message', onMessage);
    deps.subscriber.subscribe(batchRedisKeys.feed).catch(() => undefined);
    const loop = async (): Promise<void> => {
      let idle = 0;
      while (!stopped) {
        const heard = hints;
        try {
          idle = (await tick()) > 0 ? 0 : idle + 1;
        } catch (error) {
          report(error instanceof Error ? error.message : String(error));
          idle += 1;
        }
        // A hint brings it forward, but not more often than the pace of the loop.
        await pause(tickMs);
        if (idle > 20 && hints === heard)
          await Promise.race([pause(1000), new Promise<void>((resolve) => (wake = resolve))]);
      }
    };
    const running = loop();
    return {
      async stop() {
        stopped = true;
        wake();
        deps.subscriber.off('message', onMessage);
        await running;
        await lease.release().catch(() => undefined);
      },
    };
  };

  return { tick, run };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
