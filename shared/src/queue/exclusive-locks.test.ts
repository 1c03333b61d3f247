import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../observability/logger.js';
import { startTestRedis, type TestRedis } from '../testing/redis-server.js';
import { createExclusiveLocks, type ExclusiveLocks } from './exclusive-locks.js';
import { createRedis, type Redis } from './redis-connection.js';

const log = createLogger({ service: 'test', level: 'silent' });
let server: TestRedis;
const connections: Redis[] = [];
let here: ExclusiveLocks;
let elsewhere: ExclusiveLocks;

beforeAll(async () => {
  server = await startTestRedis();
  const connect = (role: 'call' | 'subscriber') => {
    const redis = createRedis(server.url, role, log);
    connections.push(redis);
    return redis;
  };
  here = createExclusiveLocks(connect('call'), connect('subscriber'));
  elsewhere = createExclusiveLocks(connect('call'), connect('subscriber'));
});
afterAll(async () => {
  for (const connection of connections) connection.disconnect();
  await server.stop();
});

describe('exclusive locks', () => {
  it('tell the holder of a newcomer in another process, which has the lock once the holder gives it back', async () => {
    const first = await here.acquire('a');
    const second = elsewhere.acquire('a');
    await expect.poll(() => first?.signal.aborted).toBe(true);
    await first?.release();
    expect(await second).toBeDefined();
    expect((await second)?.signal.aborted).toBe(false);
    await (await second)?.release();
  });

  it('are not had while the holder keeps them', async () => {
    const held = await here.acquire('b');
    expect(await elsewhere.acquire('b', { waitMs: 300 })).toBeUndefined();
    await held?.release();
    const free = await elsewhere.acquire('b', { waitMs: 0 });
    expect(free).toBeDefined();
    await free?.release();
  });

  it('under other names do not meet', async () => {
    const [one, other] = await Promise.all([here.acquire('c'), here.acquire('d')]);
    expect([one?.signal.aborted, other?.signal.aborted]).toEqual([false, false]);
    await Promise.all([one?.release(), other?.release()]);
  });

  it('that vanished from Redis abort their holder within a renewal', async () => {
    const held = await here.acquire('e');
    await connections[0]?.del('timbre:lock:e');
    await expect.poll(() => held?.signal.aborted, { timeout: 5000 }).toBe(true);
    await held?.release();
  });
});
