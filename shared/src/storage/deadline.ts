/** Deadlines of storage calls: a fixed part for the round trip and a part that grows with the bytes to move. */
import { AppError } from '../errors.js';

export interface DeadlineRule {
  /** What a call may take before its bytes count. */
  baseMs: number;
  /** The slowest transfer that still counts as working. */
  minBytesPerSecond: number;
}

/** RELIABILITY.md F22: 30 s and a megabyte a second. */
export const DEFAULT_DEADLINE: DeadlineRule = { baseMs: 30_000, minBytesPerSecond: 1_000_000 };

export function deadlineFor(rule: DeadlineRule, bytes = 0): number {
  return rule.baseMs + (bytes / rule.minBytesPerSecond) * 1000;
}

export function tooSlow(limitMs: number): AppError {
  return new AppError('dependency_unavailable', {
    detail: 'the object store did not answer in time',
    details: { limitMs: Math.round(limitMs) },
  });
}

/**
 * The value of `work`, or `dependency_unavailable` after `limitMs`. The work itself goes on: use it where nothing can be
 * cancelled, such as a system call on a disk that hangs; `late` then receives what comes too late, to release it.
 */
export async function withinDeadline<T>(limitMs: number, work: Promise<T>, late?: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      work.then(late, () => undefined);
      reject(tooSlow(limitMs));
    }, limitMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
