/** Faults of Redis (F12, F17, F20, F29): killed, cut off, emptied, its messages lost. */
import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { audit, type Witness } from '../audit.js';
import { finished, post, clipForm, sample, submit } from '../client.js';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';

let system: TestSystem;
let bytes: Uint8Array;
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
  system = await startSystem({ env: { TIMBRE_TEST_FAULTS: 'slow:slow' } });
});
afterAll(() => system.stop());

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}-${index}.wav`, bytes }));
const witness = (view: JobView): Witness => ({ id: view.id, seen: [view.state], view });

describe('Redis', () => {
  it('F12: killed and restarted under load, loses none of 20 acknowledged jobs', async () => {
    const jobs = await Promise.all(names('slow', 20).map((clip) => submit(system.url, clip)));
    await system.redis.kill();
    const during = await fetch(`${system.url}/v1/jobs/${jobs[0]?.id}`);
    expect(during.status).toBe(503);
    expect(await during.json()).toMatchObject({ code: 'dependency_unavailable' });
    await system.redis.restart();
    const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
    expect(views.map(({ state }) => state)).toEqual(Array(20).fill('succeeded'));
    expect(await audit(system, views.map(witness), new Map())).toEqual([]);
  }, 90_000);

  it('F29: with pub/sub clients killed every 200 ms, 30 waiting clients still get their finished job', async () => {
    const redis = new Redis(system.redis.url);
    const killing = setInterval(() => void redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub').catch(() => 0), 200);
    try {
      const answers = await Promise.all(
        names('hint', 30).map(async (clip) => post(`${system.url}/v1/classify`, await clipForm(clip))),
      );
      expect(answers.map(({ status, body }) => [status, body['state']])).toEqual(Array(30).fill([200, 'succeeded']));
    } finally {
      clearInterval(killing);
      redis.disconnect();
    }
  });

  it('F20: emptied in mid-run, is rebuilt from the object store: every accepted job still ends', async () => {
    const done = await finished(system.url, (await submit(system.url, { name: 'before.wav', bytes })).id);
    // Its final record reaches the object store with the next sweep.
    const redis = new Redis(system.redis.url);
    await expect.poll(() => redis.zcard('timbre:archive'), { timeout: 10_000 }).toBe(0);
    const jobs = await Promise.all(names('slow', 6).map((clip) => submit(system.url, clip)));
    await redis.flushall();
    redis.disconnect();
    const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
    expect(views.map(({ state }) => state)).toEqual(Array(6).fill('succeeded'));
    expect(await finished(system.url, done.id)).toEqual(done);
  }, 90_000);
});
