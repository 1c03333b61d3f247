import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobEvent, JobSpec } from '@timbre/shared/contracts/job';
import { createLogger } from '@timbre/shared/observability/logger';
import { createJobEvents, type JobEvents } from '@timbre/shared/queue/job-events';
import { acceptedView } from '@timbre/shared/queue/job-record';
import { createLedger, type Ledger } from '@timbre/shared/queue/ledger';
import { createRedis, type Redis } from '@timbre/shared/queue/redis-connection';
import { createFaultProxy, type FaultProxy } from '@timbre/shared/testing/fault-proxy';
import { startTestRedis, type TestRedis } from '@timbre/shared/testing/redis-server';
import { watchJob, type WatchOptions } from './watch-job.js';

const log = createLogger({ service: 'gateway', level: 'silent' });
const hourMs = 3_600_000;
let server: TestRedis;
let proxy: FaultProxy;
let redis: Redis;
let subscriber: Redis;
let ledger: Ledger;
let events: JobEvents;
let spec: JobSpec;
let stop: AbortController;
let seen: JobEvent[];

beforeAll(async () => {
  server = await startTestRedis();
  proxy = await createFaultProxy({ host: '127.0.0.1', port: server.port });
  redis = createRedis(server.url, 'call', log);
  ledger = createLedger(redis);
});
afterAll(async () => {
  redis.disconnect();
  await proxy.close();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  subscriber = createRedis(`redis://127.0.0.1:${proxy.port}`, 'subscriber', log);
  await subscriber.ping();
  events = createJobEvents(subscriber);
  spec = aSpec();
  stop = new AbortController();
  seen = [];
});
afterEach(() => {
  stop.abort();
  subscriber.disconnect();
  proxy.heal();
});

function aSpec(): JobSpec {
  const id = `j${randomBytes(16).toString('hex')}`;
  const now = Date.now();
  return {
    v: 1,
    id,
    tenant: 'local',
    lane: 'interactive',
    model: 'm',
    modelDigest: 'sha256:m',
    featureDigest: 'sha256:f',
    features: { version: 1, sampleRateHz: 16000, crop: { kind: 'head', seconds: 1 }, transform: { kind: 'waveform' } },
    name: 'a.wav',
    source: { key: `jobs/local/${id}/audio`, bytes: 10, sha256: 'x' },
    createdAtMs: now,
    deadlineAtMs: now + hourMs,
    expiresAtMs: now + hourMs,
    estimatedSeconds: 2,
    uploadSeconds: 0,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
}

const submit = () => ledger.submit(spec, { maxLive: 100 });
const cancel = () => ledger.commit('canceled', { ...acceptedView(spec), state: 'canceled' }, Date.now() + hourMs);
const watch = (options: Partial<WatchOptions> = {}) =>
  watchJob(
    spec.id,
    { ledger, events },
    { afterSeq: 0, signal: stop.signal, onEvent: (event) => void seen.push(event), recheckMs: hourMs, ...options },
  );
const told = () => seen.map(({ seq, state, job }) => [seq, state, job?.id === spec.id]);
const subscribed = () => redis.pubsub('NUMSUB', `timbre:events:${spec.id}`);

describe('watchJob', () => {
  it('tells what happened before and after it began, by the channel alone', async () => {
    await submit();
    const watching = watch();
    await vi.waitFor(() => expect(told()).toEqual([[1, 'queued', false]]));
    await vi.waitFor(async () => expect((await subscribed())[1]).toBe(1));
    await cancel();
    expect(await watching).toBe(true);
    expect(told()).toEqual([
      [1, 'queued', false],
      [2, 'canceled', true],
    ]);
  });

  it('tells what happened while the subscription was on its way', async () => {
    proxy.setFaults({ delayMs: 100 });
    await submit();
    const watching = watch();
    await vi.waitFor(() => expect(told()).toHaveLength(1));
    await cancel();
    expect((await subscribed())[1]).toBe(0);
    expect(await watching).toBe(true);
  });

  it('outlives a Redis that does not answer for more than 2 s', async () => {
    await submit();
    const watching = watch({ recheckMs: 100 });
    await vi.waitFor(() => expect(told()).toHaveLength(1));
    process.kill(server.pid, 'SIGSTOP');
    try {
      await expect(ledger.live()).rejects.toMatchObject({ code: 'dependency_unavailable' });
      await expect(ledger.live()).rejects.toMatchObject({ code: 'dependency_unavailable' });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await cancel();
    expect(await watching).toBe(true);
    expect(told().at(-1)).toEqual([2, 'canceled', true]);
  });

  it('ends by its rechecks while the subscriber is half open, and by its signal', async () => {
    proxy.setFaults({ blackHole: true });
    await submit();
    const watching = watch({ recheckMs: 50 });
    await cancel();
    expect(await watching).toBe(true);
    spec = aSpec();
    const aborted = watch();
    stop.abort();
    expect(await aborted).toBe(false);
  });

  it('hears by the channel again after a subscription that Redis refused', async () => {
    await submit();
    await redis.call('ACL', 'SETUSER', 'default', 'resetchannels');
    const deaf = watch();
    await expect(subscriber.subscribe('timbre:probe')).rejects.toThrow(/NOPERM/);
    await redis.call('ACL', 'SETUSER', 'default', 'allchannels');
    const hearing = watch();
    await vi.waitFor(async () => expect((await subscribed())[1]).toBe(1));
    await cancel();
    expect(await Promise.all([deaf, hearing])).toEqual([true, true]);
  });

  it.each([
    ['by the message', hourMs],
    ['by a recheck', 50],
  ])('tells the end %s to one who has seen more than the log holds', async (_how, recheckMs) => {
    await submit();
    const watching = watch({ afterSeq: 7, recheckMs });
    await vi.waitFor(async () => expect((await subscribed())[1]).toBe(1));
    if (recheckMs < hourMs) proxy.setFaults({ blackHole: true });
    await cancel();
    expect(await watching).toBe(true);
    expect(told()).toEqual([[8, 'canceled', true]]);
  });

  it('ends without an end after 5 rechecks that find no record', async () => {
    await submit();
    const watching = watch({ recheckMs: 20 });
    await vi.waitFor(() => expect(told()).toHaveLength(1));
    await redis.flushall();
    expect(await watching).toBe(false);
    expect(seen).toHaveLength(1);
  });

  it('waits for a job that is not recorded yet for as long as it takes', async () => {
    let asked = 0;
    const watching = watch({ recheckMs: 20, isRecorded: () => (asked += 1) < 0 });
    await vi.waitFor(() => expect(asked).toBeGreaterThan(8));
    await submit();
    await cancel();
    expect(await watching).toBe(true);
  });
});
