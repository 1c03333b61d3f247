/**
 * What only Redis knows, asked of it at each scrape: backlog (jobs, audio-seconds, age by queue), processes at work, memory.
 * Autoscalers and alerts read these. Every gateway reports the same numbers: take their maximum, never their sum.
 */
import { allQueues, stageNames } from '@timbre/shared/contracts/pipeline';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { countAlive } from '@timbre/shared/queue/heartbeat';
import { readRedisMemory, type Redis } from '@timbre/shared/queue/redis-connection';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';

export interface QueueMetricsDeps {
  metrics: Metrics;
  redis: Redis;
  ledger: Ledger;
  queues: TaskQueues;
  now?: () => number;
}

export function registerQueueMetrics({ metrics, redis, ledger, queues, now = Date.now }: QueueMetricsDeps): void {
  registerRedisMetrics(metrics, redis, now);
  const expand = metrics.gauge('expand_tasks', 'Batches whose source waits to be read or is read.', [], async () => {
    expand.set(await queues.expanding());
  });
  const places = new Map(allQueues().map((place) => [place.queue, place]));
  const tasks = metrics.gauge('queue_tasks', 'Tasks by queue and state.', ['stage', 'lane', 'state'], async () => {
    for (const { stage, lane, counts } of await queues.depths())
      for (const [state, count] of Object.entries(counts)) tasks.set({ stage, lane, state }, count);
  });
  const oldest = metrics.gauge(
    'queue_oldest_task_seconds',
    'Age of the oldest waiting task.',
    ['stage', 'lane'],
    async () => {
      for (const { stage, lane, queue } of places.values())
        oldest.set({ stage, lane }, await queues.oldestWaitingSeconds(queue, now()));
    },
  );
  const backlogJobs = metrics.gauge('backlog_jobs', 'Unfinished jobs by the stage that owns them.', ['stage', 'lane']);
  const backlog = metrics.gauge(
    'backlog_audio_seconds',
    'Seconds of audio waiting or at work, by the stage that owns them.',
    ['stage', 'lane'],
    async () => {
      const known = await ledger.backlog();
      for (const { queue, stage, lane } of places.values()) {
        if (lane === 'quarantine') continue;
        backlog.set({ stage, lane }, known.get(queue)?.audioSeconds ?? 0);
        backlogJobs.set({ stage, lane }, known.get(queue)?.jobs ?? 0);
      }
    },
  );
}

function registerRedisMetrics(metrics: Metrics, redis: Redis, now: () => number): void {
  const processes = metrics.gauge('stage_processes', 'Processes of a stage heard of lately.', ['stage'], async () => {
    for (const stage of stageNames) processes.set({ stage }, await countAlive(redis, stage, now()));
  });
  const limit = metrics.gauge('redis_memory_limit_bytes', 'maxmemory of Redis; 0: unlimited.', []);
  const used = metrics.gauge('redis_memory_used_bytes', 'Memory Redis uses.', [], async () => {
    const memory = await readRedisMemory(redis);
    used.set(memory.used);
    limit.set(memory.limit);
  });
}
