/**
 * Back-pressure before a byte of a body is read: refuses when the backlog or Redis's memory is over its limit. The submit
 * script checks the backlog again, atomically. Looks at Redis at most once per `cacheMs`.
 */
import { AppError } from '@timbre/shared/errors';
import type { Ledger } from '@timbre/shared/queue/ledger';

export interface AdmissionOptions {
  ledger: Ledger;
  /** Used and allowed bytes of Redis; `limit` 0: unlimited. */
  redisMemory: () => Promise<{ used: number; limit: number }>;
  maxBacklogJobs: number;
  maxMemoryRatio: number;
  draining: () => boolean;
  cacheMs?: number;
  now?: () => number;
}

export interface Admission {
  /** @throws AppError `queue_full`, `shutting_down`, `dependency_unavailable` */
  check(): Promise<void>;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { ledger, redisMemory, maxBacklogJobs, maxMemoryRatio, draining, cacheMs = 250 } = options;
  const now = options.now ?? Date.now;
  let cached: { at: number; verdict: Promise<AppError | undefined> } | undefined;

  const look = async (): Promise<AppError | undefined> => {
    const [live, memory] = await Promise.all([ledger.live(), redisMemory()]);
    if (live >= maxBacklogJobs)
      return new AppError('queue_full', { details: { limit: maxBacklogJobs, observed: live }, retryAfterSeconds: 10 });
    if (memory.limit > 0 && memory.used > memory.limit * maxMemoryRatio)
      return new AppError('queue_full', { detail: 'Redis is near its memory limit', retryAfterSeconds: 30 });
    return undefined;
  };

  return {
    async check() {
      if (draining()) throw new AppError('shutting_down', { retryAfterSeconds: 2 });
      if (!cached || now() - cached.at > cacheMs) {
        cached = { at: now(), verdict: look() };
        cached.verdict.catch(() => (cached = undefined));
      }
      const verdict = await cached.verdict;
      if (verdict) throw verdict;
    },
  };
}
