/** Backlog metrics that autoscalers and people read: jobs, audio-seconds and age by queue, asked of Redis at each scrape. */
import { allQueues } from '@timbre/shared/contracts/pipeline';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Ledger } from '@timbre/shared/queue/ledger';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';

export function registerQueueMetrics(metrics: Metrics, ledger: Ledger, queues: TaskQueues, now = Date.now): void {
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
