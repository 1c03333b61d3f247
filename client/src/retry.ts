/**
 * Tries a request again when the service is busy (429, 503), restarting (refused or broken connections) or hidden behind a
 * proxy that has lost it (502, 504). Waits as long as `Retry-After` says, else exponentially longer with full jitter.
 */
import { TimbreApiError } from './api-error.js';
import { sleep as sleepUntil } from './wait.js';

export interface RetryOptions {
  /** Tries in all. */
  attempts: number;
  signal: AbortSignal | undefined;
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  random?: () => number;
}

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;
const BUSY_STATUSES = new Set([429, 502, 503, 504]);
/** Another request with our idempotency key, the broken one before this, has not ended yet. */
const IN_PROGRESS = 'idempotency_in_progress';

export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, signal, sleep = sleepUntil } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || attempt >= attempts || !isTransient(error)) throw error;
      await sleep(retryDelayMs(attempt, error, options.random), signal);
    }
  }
}

/** How long to wait after this many failures in a row. */
export function retryDelayMs(failures: number, error: unknown, random: () => number = Math.random): number {
  const asked = error instanceof TimbreApiError ? error.retryAfterSeconds : undefined;
  if (asked !== undefined) return asked * 1000;
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)) * random();
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TimbreApiError) return BUSY_STATUSES.has(error.status) || error.code === IN_PROGRESS;
  // fetch rejects with TypeError when there was no complete answer; TimeoutError is ours.
  return error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError');
}
