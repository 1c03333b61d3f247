/** How fast a batch goes, and when it will be done, from what was finished in the last intervals. Pure. */
import type { BatchView } from '../contracts/batch.js';

/** 5-second interval since the epoch → milliseconds of audio finished in it. */
export type Pace = Record<string, string>;

export const paceIntervalMs = 5000;
/** Intervals looked back on. */
const reach = 12;

interface Progress {
  total: number;
  succeeded: number;
  failed: number;
  msTotal: number;
  msDone: number;
  startedAtMs: number | undefined;
}

/**
 * Rate over the last minute at most, the interval in progress included as far as it has gone. The range of the ETA is the mean
 * pace plus and minus the standard deviation of the intervals (at most a quarter as fast). Nothing until something is done.
 */
export function paceOf(pace: Pace, batch: Progress, nowMs: number): Pick<BatchView, 'rate' | 'eta'> {
  if (batch.startedAtMs === undefined || batch.msDone <= 0) return {};
  const current = Math.floor(nowMs / paceIntervalMs);
  const first = Math.max(Math.floor(batch.startedAtMs / paceIntervalMs), current - reach);
  const fromMs = Math.max(batch.startedAtMs, first * paceIntervalMs);
  const seconds = Math.max(0.5, (nowMs - fromMs) / 1000);
  const done = Array.from({ length: current - first + 1 }, (_, at) => Number(pace[String(first + at)] ?? 0) / 1000);
  const mean = done.reduce((sum, each) => sum + each, 0) / seconds;
  const finished = batch.succeeded + batch.failed;
  const clipSeconds = batch.msDone / 1000 / Math.max(1, finished);
  const rate = { clipsPerSecond: mean / Math.max(clipSeconds, 1e-3), audioSecondsPerSecond: mean };
  const clipsLeft = Math.max(0, batch.total - finished);
  const secondsLeft = Math.max(
    (batch.msTotal - batch.msDone) / 1000,
    clipsLeft > 0 ? clipsLeft * clipSeconds * 0.1 : 0,
  );
  if (mean <= 0) return { rate };
  const whole = done.slice(1, -1).map((each) => each / (paceIntervalMs / 1000));
  const spread = Math.sqrt(whole.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, whole.length));
  // Few intervals say little: assume a third either way until there are some.
  const deviation = whole.length >= 3 ? spread : mean / 3;
  return {
    rate,
    eta: {
      seconds: secondsLeft / mean,
      lowSeconds: secondsLeft / (mean + deviation),
      highSeconds: secondsLeft / Math.max(mean - deviation, mean / 4),
    },
  };
}
