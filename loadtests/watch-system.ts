/** Looks at the gateway's metrics once a second while load runs. */
import type { TestSystem } from '@timbre/shared/testing/test-system';

export interface Sample {
  atSeconds: number;
  interactiveJobs: number;
  bulkJobs: number;
  /** Seconds the oldest interactive task has been waiting. */
  oldestSeconds: number;
  memoryMib: number;
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
      return samples;
    },
  };
}
