/** When a webhook is tried again. */

/** Standard Webhooks' example: ten tries over 75 hours, 35 minutes and 5 seconds. */
const jitter = 0.1;
/** A receiver may ask for more patience than the schedule has, but not for more than a day. */
const maxRetryAfterMs = 86_400_000;

export interface ScheduleOptions {
  /** Seconds to wait after the first failed try, the second, … */
  waitsSeconds: readonly number[];
  random?: () => number;
}

export type NextWait = (tries: number, retryAfterSeconds?: number) => number | undefined;

/** Milliseconds until the next try after `tries` failed ones, up to a tenth more or less; `undefined`: give up. */
export function createSchedule({ waitsSeconds, random = Math.random }: ScheduleOptions): NextWait {
  return (tries, retryAfterSeconds = 0) => {
    const wait = waitsSeconds[tries - 1];
    if (wait === undefined) return undefined;
    const jittered = wait * 1000 * (1 + jitter * (2 * random() - 1));
    return Math.max(jittered, Math.min(retryAfterSeconds * 1000, maxRetryAfterMs));
  };
}
