/**
 * One way to call S3: every call ends within its deadline, is tried again when that may help, stops for the caller's
 * signal, and is kept away from a server that is down.
 *
 * The minio client has no deadline and no cancellation and hides the status (measured: calls to a stalled server never
 * end). So it gets a transport of ours, which finds the attempt it works for in the asynchronous context, ties the request
 * to the attempt's signal and notes the status. The client's own retries are switched off.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';
import { isAppError } from '../errors.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { deadlineFor, tooSlow, type DeadlineRule } from './deadline.js';
import { backoffMs, type Clock, type RetryRule } from './retry.js';
import { toS3Error } from './s3-errors.js';

export interface S3Attempt {
  /** Grants the time that so many more bytes need, once their number is known. */
  expectBytes(bytes: number): void;
  /** Ends the deadline but keeps the connection: for bodies read after the call. @returns what cuts the connection */
  detach(): () => void;
  readonly signal: AbortSignal;
}

export interface S3CallOptions {
  /** What the call moves, as far as known. */
  bytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type S3Call = <T>(work: (attempt: S3Attempt) => Promise<T>, options?: S3CallOptions) => Promise<T>;

export interface S3CallRules {
  /** For a whole call, all tries and waits included. */
  deadline: DeadlineRule;
  /** For one try; shorter, so that a request lost on the way leaves time for another. */
  tryDeadline: DeadlineRule;
  retry: RetryRule;
  clock: Clock;
  breaker: CircuitBreaker;
}

class AttemptState implements S3Attempt {
  readonly #controller = new AbortController();
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  status: number | undefined;

  constructor(
    private limitMs: number,
    private readonly minBytesPerSecond: number,
  ) {
    this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expectBytes(bytes: number): void {
    this.limitMs += (bytes / this.minBytesPerSecond) * 1000;
    this.#arm();
  }

  detach(): () => void {
    this.end();
    return () => this.cut(undefined);
  }

  cut(reason: unknown): void {
    this.#controller.abort(reason);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const left = this.limitMs - (performance.now() - this.#startedAt);
    this.#timer = setTimeout(() => this.cut(tooSlow(this.limitMs)), left);
  }
}

const current = new AsyncLocalStorage<AttemptState>();

/** What the minio client needs of `http` or `https`. */
export function createTransport(useTls: boolean): Pick<typeof http, 'request'> {
  const send = useTls ? https.request : http.request;
  function request(
    options: http.RequestOptions | string | URL,
    given?: http.RequestOptions | ((response: http.IncomingMessage) => void),
  ): http.ClientRequest {
    if (typeof options === 'string' || options instanceof URL || typeof given !== 'function')
      throw new TypeError('the client calls request(options, callback)');
    const attempt = current.getStore();
    return send({ ...options, ...(attempt && { signal: attempt.signal }) }, (response) => {
      if (attempt) attempt.status = response.statusCode;
      given(response);
    });
  }
  return { request };
}

export function createS3Call(rules: S3CallRules): S3Call {
  const { clock, retry, breaker } = rules;
  return async (work, { bytes, signal } = {}) => {
    const endsAt = clock.now() + deadlineFor(rules.deadline, bytes);
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted();
      const limitMs = Math.min(endsAt - clock.now(), deadlineFor(rules.tryDeadline, bytes));
      try {
        return await tryOnce(work, { limitMs, rules, signal });
      } catch (error) {
        signal?.throwIfAborted();
        const waitMs = backoffMs(retry, failures, clock.random());
        const mayHelp = isAppError(error) && error.code === 'dependency_unavailable' && breaker.state === 'closed';
        if (!mayHelp || failures >= retry.tries || clock.now() + waitMs >= endsAt) throw error;
        await clock.sleep(waitMs, signal);
      }
    }
  };
}

/** @throws AppError, whatever went wrong */
async function tryOnce<T>(
  work: (attempt: S3Attempt) => Promise<T>,
  { limitMs, rules, signal }: { limitMs: number; rules: S3CallRules; signal: AbortSignal | undefined },
): Promise<T> {
  const settle = rules.breaker.enter();
  const attempt = new AttemptState(limitMs, rules.tryDeadline.minBytesPerSecond);
  const onAbort = () => attempt.cut(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    const value = await Promise.race([current.run(attempt, () => work(attempt)), whenCut(attempt.signal)]);
    settle('answered');
    return value;
  } catch (error) {
    const failed = toS3Error(error, attempt.status);
    settle(signal?.aborted === true ? 'abandoned' : failed.code === 'dependency_unavailable' ? 'outage' : 'answered');
    // Frees the connection even where the client left the body of an error unread.
    attempt.cut(failed);
    throw failed;
  } finally {
    attempt.end();
    signal?.removeEventListener('abort', onAbort);
  }
}

function whenCut(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
