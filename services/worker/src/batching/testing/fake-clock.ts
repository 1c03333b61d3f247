/** A clock that moves only when told to; timers fire in order of their time. */
import type { BatchClock } from '../clock.js';

export interface FakeClock extends BatchClock {
  advance(ms: number): void;
  /** Timers set and neither fired nor canceled. */
  readonly timers: number;
}

export function createFakeClock(): FakeClock {
  let nowMs = 0;
  let timers: { at: number; fire: () => void }[] = [];
  const nextBefore = (limit: number) => timers.filter(({ at }) => at <= limit).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => nowMs,
    after(delayMs, fire) {
      const timer = { at: nowMs + delayMs, fire };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    advance(ms) {
      const until = nowMs + ms;
      for (let timer = nextBefore(until); timer; timer = nextBefore(until)) {
        const due = timer;
        timers = timers.filter((other) => other !== due);
        nowMs = due.at;
        due.fire();
      }
      nowMs = until;
    },
    get timers() {
      return timers.length;
    },
  };
}
