/**
 * Redis connections. A half-open link is noticed by `socketTimeout` (BullMQ and ioredis alone wait for minutes), every
 * reconnect backs off with jitter, and nothing here ever gives up: a Redis restart is survived by waiting.
 */
import { Redis } from 'ioredis';
import { AppError } from '../errors.js';
import { createThrottledLog, type Logger } from '../observability/logger.js';

export type { Redis } from 'ioredis';

/** `call`: commands, BullMQ workers included (they block for 5 s at most); `subscriber`: silent by design. */
export type ConnectionRole = 'call' | 'subscriber';

const base = {
  maxRetriesPerRequest: null,
  enableReadyCheck: true,
  keepAlive: 5000,
  connectTimeout: 5000,
  retryStrategy: (attempt: number) => Math.min(100 * 2 ** Math.min(attempt, 5), 2000) * (0.5 + Math.random() / 2),
};

export function createRedis(url: string, role: ConnectionRole, log: Logger): Redis {
  const redis = new Redis(url, role === 'call' ? { ...base, socketTimeout: 15_000 } : base);
  const report = createThrottledLog((suppressed, message) => log.warn({ message, suppressed }, 'redis connection'));
  redis.on('error', (error: Error) => report(error.message || error.name));
  return redis;
}

/**
 * The answer of a Redis call, or `dependency_unavailable` after `ms`: ioredis queues commands without end while the
 * server is away, and nobody who waits for an HTTP answer wants that.
 */
export async function withRedisDeadline<T>(work: Promise<T>, ms = 2000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AppError('dependency_unavailable', { detail: 'Redis does not answer', retryAfterSeconds: 2 })),
      ms,
    );
  });
  try {
    return await Promise.race([work, deadline]);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('dependency_unavailable', {
      detail: 'Redis refused the call',
      cause: error,
      retryAfterSeconds: 2,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Used bytes and `maxmemory` of the server; 0 means unlimited. */
export async function readRedisMemory(redis: Redis): Promise<{ used: number; limit: number }> {
  const info = await withRedisDeadline(redis.info('memory'));
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { used: field('used_memory'), limit: field('maxmemory') };
}
