/** Waiting and trying again: exponential backoff with full jitter, on a clock that tests replace. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { isAppError } from '../errors.js';

export interface RetryRule {
  /** Calls in all, the first included. */
  tries: number;
  /** Upper bound of the first wait; doubles with each failure. */
  baseDelayMs: number;
  maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryRule = { tries: 5, baseDelayMs: 100, maxDelayMs: 5_000 };

export interface Clock {
  now(): number;
  /** @throws the reason of `signal` when it aborts first */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    try {
      await sleepFor(ms, undefined, signal && { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** How long to wait after so many failures: uniform between 0 and the doubled bound ("full jitter", AWS Builders' Library). */
export function backoffMs(rule: RetryRule, failures: number, random: number): number {
  return random * Math.min(rule.maxDelayMs, rule.baseDelayMs * 2 ** (failures - 1));
}

/** Waits between two looks for an object that should be there. */
const MISSING: RetryRule = { tries: Infinity, baseDelayMs: 100, maxDelayMs: 1_000 };

/** Repeats `read` while it fails with `object_missing`, for at most `forMs`. @throws what the last read threw */
export async function retryMissing<T>(
  { forMs, clock, signal }: { forMs: number | undefined; clock: Clock; signal?: AbortSignal | undefined },
  read: () => Promise<T>,
): Promise<T> {
  const endsAt = clock.now() + (forMs ?? 0);
  for (let failures = 1; ; failures++) {
    try {
      return await read();
    } catch (error) {
      const left = endsAt - clock.now();
      if (!isAppError(error) || error.code !== 'object_missing' || left <= 0) throw error;
      await clock.sleep(Math.min(left, backoffMs(MISSING, failures, clock.random())), signal);
    }
  }
}
