/**
 * Seconds in which this process had at least one task at work. Audio-seconds finished divided by it is what one process
 * can do, also while work is scarce; autoscalers divide the backlog by that rate.
 */
import type { StageName } from '../contracts/pipeline.js';
import type { Metrics } from './metrics.js';

export interface BusyClock {
  /** Runs `work`; overlapping calls count their time once. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

export function createBusyClock(
  metrics: Metrics,
  stage: StageName,
  now: () => number = () => performance.now(),
): BusyClock {
  let running = 0;
  let countedUntil = 0;
  const count = (): void => {
    if (running > 0) counter.inc({ stage }, (now() - countedUntil) / 1000);
    countedUntil = now();
  };
  const counter = metrics.counter(
    'stage_busy_seconds_total',
    'Seconds in which a process had at least one task at work.',
    ['stage'],
    count,
  );
  counter.inc({ stage }, 0);
  return {
    async during(work) {
      count();
      running += 1;
      try {
        return await work();
      } finally {
        count();
        running -= 1;
      }
    },
  };
}
