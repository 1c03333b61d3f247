/** Looks at the gateway's metrics once a second while load runs. */
import type { TestSystem } from '@timbre/shared/testing/test-system';

export interface Sample {
  atSeconds: number;
  interactiveJobs: number;
  bulkJobs: number;
  /** Seconds the oldest interactive task has been waiting. */
  oldestSeconds: number;
  memoryMib: number;
  acceptedJobs: number;
}

export function watchSystem(system: TestSystem): { stop(): Promise<Sample[]> } {
  const samples: Sample[] = [];
  const started = performance.now();
  let stopped = false;
  const look = async (): Promise<void> => {
    const metrics = await system.metrics('gateway').catch(() => undefined);
    if (!metrics) return;
    const sum = (name: string, part: string) =>
      [...metrics].reduce(
        (total, [key, value]) => (key.startsWith(name) && key.includes(part) ? total + value : total),
        0,
      );
    samples.push({
      atSeconds: (performance.now() - started) / 1000,
      interactiveJobs: sum('timbre_backlog_jobs{', 'lane="interactive"'),
      bulkJobs: sum('timbre_backlog_jobs{', 'lane="bulk"'),
      oldestSeconds: sum('timbre_queue_oldest_task_seconds{', 'lane="interactive"'),
      memoryMib: sum('timbre_process_resident_memory_bytes', '') / 2 ** 20,
      acceptedJobs: sum('timbre_jobs_accepted_total{', ''),
    });
  };
  const loop = (async () => {
    while (!stopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      return sinceFirstJob(samples);
    },
  };
}

/** k6 takes seconds to start; the clock of the run begins when it sends something. */
function sinceFirstJob(samples: Sample[]): Sample[] {
  const first = samples.findIndex(({ acceptedJobs }) => acceptedJobs > 0);
  const startSeconds = samples[Math.max(0, first - 1)]?.atSeconds ?? 0;
  return samples
    .slice(Math.max(0, first - 1))
    .map((sample) => ({ ...sample, atSeconds: sample.atSeconds - startSeconds }));
}
