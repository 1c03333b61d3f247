import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { startTestRedis, type TestRedis } from '../testing/redis-server.js';
import { createFailureLog, type Failure } from './failure-log.js';
import { createRedis, type Redis } from './redis-connection.js';

let server: TestRedis;
let redis: Redis;
let nowMs: number;

beforeAll(async () => {
  server = await startTestRedis();
  redis = createRedis(server.url, 'call', pino({ level: 'silent' }));
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
});

const failures = (code: Failure['code'], count: number): Failure[] =>
  Array.from({ length: count }, (_, i) => ({ code, jobId: `j${i}`, tenant: 'local', stage: 'infer' }));

describe('failure log', () => {
  it('counts by code and minute over the last hour, the most frequent code first', async () => {
    const log = createFailureLog(redis, () => nowMs);
    log.note(failures('audio_empty', 2));
    nowMs += 59 * 60_000;
    log.note([...failures('audio_corrupt', 5), ...failures('audio_empty', 1)]);
    const found = await log.lastHour();
    expect(found.map(({ code, count }) => [code, count])).toEqual([
      ['audio_corrupt', 5],
      ['audio_empty', 3],
    ]);
    expect([found[1]?.perMinute[0], found[1]?.perMinute[59]]).toEqual([2, 1]);
    expect(await log.lastHour('audio_empty')).toHaveLength(1);
    nowMs += 60_000;
    expect((await log.lastHour('audio_empty'))[0]?.count).toBe(1);
  });

  it('keeps the latest 20 clips of a code, and every key has an end', async () => {
    const log = createFailureLog(redis, () => nowMs);
    for (let i = 0; i < 50; i++) log.note([{ code: 'audio_empty', jobId: `j${i}`, tenant: 'local', stage: 'infer' }]);
    const [found] = await log.lastHour();
    expect(found?.count).toBe(50);
    expect(found?.examples.map(({ jobId }) => jobId)).toEqual(Array.from({ length: 20 }, (_, i) => `j${49 - i}`));
    for (const key of await redis.keys('*')) expect(await redis.ttl(key)).toBeGreaterThan(0);
  });
});
