/** Says every few seconds that a process of a stage is at work, so that whoever waits can be told when none is. */
import { randomUUID } from 'node:crypto';
import type { StageName } from '../contracts/pipeline.js';
import { withRedisDeadline, type Redis } from './redis-connection.js';

const everyMs = 3000;
/** A process silent for longer counts as gone. */
const silentMs = 12_000;
const key = (stage: StageName) => `timbre:alive:${stage}`;

export function keepHeartbeat(redis: Redis, stage: StageName): { stop: () => void } {
  const me = randomUUID();
  const beat = () => {
    const now = Date.now();
    redis
      .multi()
      .zadd(key(stage), now, me)
      .zremrangebyscore(key(stage), '-inf', now - 10 * silentMs)
      .exec()
      .catch(() => undefined);
  };
  beat();
  const timer = setInterval(beat, everyMs);
  return {
    stop() {
      clearInterval(timer);
      redis.zrem(key(stage), me).catch(() => undefined);
    },
  };
}

/** Processes of a stage that were heard of lately. */
export function countAlive(redis: Redis, stage: StageName, nowMs: number): Promise<number> {
  return withRedisDeadline(redis.zcount(key(stage), nowMs - silentMs, '+inf'));
}
