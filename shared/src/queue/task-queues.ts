/** The BullMQ side of the route: one queue per stage and lane, tasks added under deterministic ids. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  allQueues,
  expandQueue,
  queueFor,
  sliceTaskId,
  taskId,
  type ExpandTask,
  type QueueLane,
  type SliceTask,
  type StageName,
  type Task,
} from '../contracts/pipeline.js';
import { AppError } from '../errors.js';
import { withRedisDeadline } from './redis-connection.js';

export interface EnqueueOptions {
  generation: number;
  quarantine?: boolean;
}

export type TaskQueues = ReturnType<typeof createTaskQueues>;

/** Attempts are counted by the ledger, not by BullMQ: waiting out an outage must not use them up. */
const deliveryAttempts = 100_000;

export function createTaskQueues(connection: Redis) {
  const queues = new Map<string, Queue>();
  const queueNamed = (name: string): Queue => {
    let queue = queues.get(name);
    if (!queue) {
      queue = new Queue(name, {
        connection,
        skipVersionCheck: true,
        // Nobody reads BullMQ's events; our own log is the record.
        streams: { events: { maxLen: 100 } },
        defaultJobOptions: {
          attempts: deliveryAttempts,
          backoff: { type: 'custom' },
          removeOnComplete: true,
          removeOnFail: { age: 14 * 86_400, count: 10_000 },
        },
      });
      // Connection errors are logged by the connection itself; without a listener they would end the process.
      queue.on('error', () => undefined);
      queues.set(name, queue);
    }
    return queue;
  };
  const laneOf = (task: Task, quarantine: boolean | undefined): QueueLane => (quarantine ? 'quarantine' : task.lane);

  const requireKnown = (name: string): Queue => {
    if (!allQueues().some(({ queue }) => queue === name)) throw new AppError('not_found', { detail: 'no such queue' });
    return queueNamed(name);
  };

  return {
    /** Adding a task that is already there changes nothing. */
    async enqueue(task: Task, { generation, quarantine }: EnqueueOptions): Promise<void> {
      const queue = queueNamed(queueFor(task.stage, laneOf(task, quarantine)));
      const jobId = taskId(task.jobId, task.stage, generation, quarantine);
      await withRedisDeadline(queue.add(task.stage, task, { jobId }));
    },

    async enqueueSlice(task: SliceTask, { generation, quarantine }: EnqueueOptions): Promise<void> {
      const queue = queueNamed(queueFor(task.stage, quarantine ? 'quarantine' : 'bulk'));
      await withRedisDeadline(queue.add('slice', task, { jobId: sliceTaskId(task, generation, quarantine) }));
    },

    /** Slices of one batch, in their first generation. */
    async enqueueSlices(tasks: readonly SliceTask[]): Promise<void> {
      const [first] = tasks;
      if (!first) return;
      const jobs = tasks.map((task) => ({ name: 'slice', data: task, opts: { jobId: sliceTaskId(task, 0) } }));
      await withRedisDeadline(queueNamed(queueFor(first.stage, 'bulk')).addBulk(jobs), 10_000);
    },

    async hasSlice(task: SliceTask, { generation, quarantine }: EnqueueOptions): Promise<boolean> {
      const name = queueFor(task.stage, quarantine ? 'quarantine' : 'bulk');
      const id = sliceTaskId(task, generation, quarantine);
      return (await withRedisDeadline(connection.exists(`bull:${name}:${id}`))) === 1;
    },

    /** Reading a batch's source is one task; adding it while it is there changes nothing. */
    async enqueueExpand(task: ExpandTask): Promise<void> {
      await withRedisDeadline(queueNamed(expandQueue).add('expand', task, { jobId: task.batchId }));
    },

    /** Batches whose source waits to be read, or is being read. */
    async expanding(): Promise<number> {
      const counts = await withRedisDeadline(queueNamed(expandQueue).getJobCounts('waiting', 'active', 'delayed'));
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },

    /** Bulk tasks that wait in a stage. */
    async waitingBulk(stage: StageName): Promise<number> {
      return withRedisDeadline(connection.llen(`bull:${queueFor(stage, 'bulk')}:wait`));
    },

    /** Whether BullMQ holds the task, in whatever state. */
    async has(task: Pick<Task, 'jobId' | 'stage' | 'lane'>, options: EnqueueOptions): Promise<boolean> {
      const name = queueFor(task.stage, options.quarantine ? 'quarantine' : task.lane);
      const id = taskId(task.jobId, task.stage, options.generation, options.quarantine);
      return (await withRedisDeadline(connection.exists(`bull:${name}:${id}`))) === 1;
    },

    /** Waiting, active and delayed tasks of each queue, and the age of the oldest waiting one in seconds. */
    async depths(): Promise<{ stage: StageName; lane: QueueLane; queue: string; counts: Record<string, number> }[]> {
      return withRedisDeadline(
        Promise.all(
          allQueues().map(async (place) => ({
            ...place,
            counts: await queueNamed(place.queue).getJobCounts('waiting', 'active', 'delayed', 'failed'),
          })),
        ),
      );
    },

    async oldestWaitingSeconds(queue: string, nowMs: number): Promise<number> {
      const id = await withRedisDeadline(connection.lindex(`bull:${queue}:wait`, -1));
      const timestamp = id ? await withRedisDeadline(connection.hget(`bull:${queue}:${id}`, 'timestamp')) : null;
      return timestamp ? Math.max(0, (nowMs - Number(timestamp)) / 1000) : 0;
    },

    /** Stops a queue from being handed out, whoever asks; what is at work goes on. @throws AppError `not_found` */
    async pause(name: string, paused: boolean): Promise<void> {
      const queue = requireKnown(name);
      await withRedisDeadline(paused ? queue.pause() : queue.resume());
    },

    async isPaused(name: string): Promise<boolean> {
      return withRedisDeadline(requireKnown(name).isPaused());
    },

    /** Every queue object, for the read-only board. */
    all: (): Queue[] => [...allQueues().map(({ queue }) => queueNamed(queue)), queueNamed(expandQueue)],

    async close(): Promise<void> {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
