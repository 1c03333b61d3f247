/** Event-loop lag of this process, as metric and for readiness: a loop that blocks past a queue lock runs jobs twice. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.js';

export interface EventLoopWatch {
  /** Longest delay of the loop in the last second or two. */
  lagSeconds(): number;
  stop(): void;
}

export function watchEventLoop(metrics: Metrics): EventLoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  let last = 0;
  const timer = setInterval(() => {
    last = Math.max(0, histogram.max / 1e9 - 0.01);
    histogram.reset();
  }, 1000);
  timer.unref();
  metrics.gauge(
    'event_loop_lag_max_seconds',
    'Longest event-loop delay within the last second.',
    [],
    function (this: { set(value: number): void }) {
      this.set(last);
    },
  );
  return {
    lagSeconds: () => last,
    stop: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
