import { describe, expect, it } from 'vitest';
import { createBusyClock } from './busy-clock.js';
import { createMetrics } from './metrics.js';

function busyClock() {
  const metrics = createMetrics('test');
  const clock = { ms: 0 };
  const busy = createBusyClock(metrics, 'infer', () => clock.ms);
  const seconds = async () => {
    const text = await metrics.registry.getSingleMetricAsString('timbre_stage_busy_seconds_total');
    return Number(/\} (\S+)$/m.exec(text)?.[1]);
  };
  return { busy, clock, seconds };
}

describe('busy clock', () => {
  it('counts 2 tasks that overlap from 0 to 3 s and from 2 to 5 s as 5 s, and idle time not at all', async () => {
    const { busy, clock, seconds } = busyClock();
    const ends: (() => void)[] = [];
    const task = () => busy.during(() => new Promise<void>((resolve) => ends.push(resolve)));
    const first = task();
    clock.ms = 2000;
    const second = task();
    clock.ms = 3000;
    ends[0]!();
    await first;
    clock.ms = 5000;
    ends[1]!();
    await second;
    clock.ms = 60_000;
    expect(await seconds()).toBe(5);
  });

  it('shows a task that still runs at each scrape', async () => {
    const { busy, clock, seconds } = busyClock();
    let end = () => {};
    const running = busy.during(() => new Promise<void>((resolve) => (end = resolve)));
    clock.ms = 1500;
    expect(await seconds()).toBe(1.5);
    clock.ms = 2500;
    expect(await seconds()).toBe(2.5);
    end();
    await running;
  });

  it('stops counting when work fails', async () => {
    const { busy, clock, seconds } = busyClock();
    await expect(busy.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    clock.ms = 9000;
    expect(await seconds()).toBe(0);
  });
});
