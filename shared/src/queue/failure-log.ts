/**
 * Failures of the last hour by error code, with a few clips each to look at. Bounded: counts by code and minute that end
 * after 70 minutes, and 20 clips for each code. A hint for operators, never the record: noting it never fails a task.
 */
import { z } from 'zod';
import type { ErrorCode } from '../error-catalog.js';
import { withRedisDeadline, type Redis } from './redis-connection.js';

const minuteMs = 60_000;
const minutes = 60;
const keepSeconds = 70 * 60;
const mostExamples = 20;

const countsKey = (minute: number) => `timbre:failures:${minute}`;
const examplesKey = (code: string) => `timbre:failed:${code}`;

export const failureExampleSchema = z.strictObject({
  jobId: z.string(),
  tenant: z.string(),
  stage: z.string(),
  at: z.iso.datetime(),
});
export type FailureExample = z.infer<typeof failureExampleSchema>;

export interface Failure {
  code: ErrorCode;
  jobId: string;
  tenant: string;
  stage: string;
}

export interface FailuresOfCode {
  code: string;
  count: number;
  /** One number for each of the last 60 minutes, the oldest first. */
  perMinute: number[];
  examples: FailureExample[];
}

export type FailureLog = ReturnType<typeof createFailureLog>;

export function createFailureLog(redis: Redis, now: () => number = Date.now) {
  const thisMinute = () => Math.floor(now() / minuteMs);

  return {
    note(failures: readonly Failure[]): void {
      if (failures.length === 0) return;
      const key = countsKey(thisMinute());
      const at = new Date(now()).toISOString();
      const transaction = redis.multi();
      const byCode = groupByCode(failures);
      for (const [code, those] of byCode) {
        const shown = those.slice(0, mostExamples).map(({ jobId, tenant, stage }) => ({ jobId, tenant, stage, at }));
        transaction
          .hincrby(key, code, those.length)
          .lpush(examplesKey(code), ...shown.map((example) => JSON.stringify(example)))
          .ltrim(examplesKey(code), 0, mostExamples - 1)
          .expire(examplesKey(code), minutes * 60);
      }
      transaction.expire(key, keepSeconds);
      transaction.exec().catch(() => undefined);
    },

    /** The most frequent first; only those of `only` where given. */
    async lastHour(only?: string): Promise<FailuresOfCode[]> {
      const until = thisMinute();
      const reads = redis.pipeline();
      for (let minute = until - minutes + 1; minute <= until; minute++) reads.hgetall(countsKey(minute));
      const answers = (await withRedisDeadline(reads.exec())) ?? [];
      const perMinute = new Map<string, number[]>();
      for (const [minute, [, hash]] of answers.entries())
        for (const [code, count] of Object.entries((hash ?? {}) as Record<string, string>)) {
          if (only !== undefined && only !== code) continue;
          const counts = perMinute.get(code) ?? new Array<number>(minutes).fill(0);
          counts[minute] = Number(count);
          perMinute.set(code, counts);
        }
      const found = [...perMinute].map(async ([code, counts]) => ({
        code,
        count: counts.reduce((a, b) => a + b, 0),
        perMinute: counts,
        examples: await examplesOf(code),
      }));
      return (await Promise.all(found)).sort((a, b) => b.count - a.count);
    },
  };

  async function examplesOf(code: string): Promise<FailureExample[]> {
    const texts = await withRedisDeadline(redis.lrange(examplesKey(code), 0, mostExamples - 1));
    return texts.map((text) => failureExampleSchema.parse(JSON.parse(text)));
  }
}

function groupByCode(failures: readonly Failure[]): Map<ErrorCode, Failure[]> {
  const groups = new Map<ErrorCode, Failure[]>();
  for (const failure of failures) groups.set(failure.code, [...(groups.get(failure.code) ?? []), failure]);
  return groups;
}
