import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBatchLedger, type BatchLedger } from '@timbre/shared/batch/batch-ledger';
import { batchRedisKeys } from '@timbre/shared/batch/batch-redis-keys';
import type { BatchSpec } from '@timbre/shared/contracts/batch';
import type { JobSpec } from '@timbre/shared/contracts/job';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics, type Metrics } from '@timbre/shared/observability/metrics';
import { acceptedView } from '@timbre/shared/queue/job-record';
import { createLedger, type Ledger } from '@timbre/shared/queue/ledger';
import { createRedis, type Redis } from '@timbre/shared/queue/redis-connection';
import { createFileStore } from '@timbre/shared/storage/file-store';
import { outcomeKey, submissionKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { aJobSpec } from '@timbre/shared/testing/job-spec';
import { startTestRedis, type TestRedis } from '@timbre/shared/testing/redis-server';
import { webhookKeys } from '@timbre/shared/webhooks/webhook-due';
import { createWebhookLedger, webhookIdOf } from '@timbre/shared/webhooks/webhook-ledger';
import type { SendResult, Sending } from './send-webhook.js';
import { createSchedule } from './webhook-schedule.js';
import { startWebhookSender, type WebhookSender } from './webhook-sender.js';
import { createWebhookSubjects } from './webhook-subjects.js';

const log = createLogger({ service: 'test', level: 'silent' });
const webhookUrl = 'https://hooks.example/in';
let server: TestRedis;
let redis: Redis;
let ledger: Ledger;
let batches: BatchLedger;
let root: string;
let store: ObjectStore;
let metrics: Metrics;
let sent: Sending[];
let verdicts: SendResult['verdict'][];
let sender: WebhookSender | undefined;

beforeAll(async () => {
  server = await startTestRedis();
  redis = createRedis(server.url, 'call', log);
  ledger = createLedger(redis);
  batches = createBatchLedger(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  root = await mkdtemp(join(tmpdir(), 'timbre-hooks-'));
  store = createFileStore({ root });
  sent = [];
  verdicts = [];
});
afterEach(async () => {
  await sender?.stop();
  sender = undefined;
  await rm(root, { recursive: true, force: true });
});

const answer = (verdict: SendResult['verdict']): SendResult => ({
  verdict,
  attempt: { at: new Date().toISOString(), durationSeconds: 0, status: verdict === 'delivered' ? 200 : 500 },
  retryAfterSeconds: undefined,
});

/** Answers the verdicts in order, then `delivered`. */
function start(waitsSeconds: number[] = [0, 0], send = (sending: Sending) => noted(sending)): void {
  const readSubject = createWebhookSubjects({ ledger, batches, store, publicUrl: 'https://timbre.example' });
  metrics = createMetrics('test');
  const nextWait = createSchedule({ waitsSeconds });
  sender = startWebhookSender({ webhooks: createWebhookLedger(redis), readSubject, send, nextWait, metrics, log });
}

async function noted(sending: Sending): Promise<SendResult> {
  sent.push(sending);
  return Promise.resolve(answer(verdicts.shift() ?? 'delivered'));
}

const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 10_000 });
const due = () => redis.zcard(webhookKeys.due);
const bodies = () => sent.map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> });

async function endedJob(change: Partial<JobSpec> = {}): Promise<JobSpec> {
  const spec = aJobSpec({ webhookUrl, ...change });
  await ledger.submit(spec, { maxLive: 100_000 });
  const view = { ...acceptedView(spec), state: 'canceled' as const, finishedAt: new Date().toISOString() };
  await ledger.commit('canceled', view, Date.now() + 60_000);
  return spec;
}

function aBatchSpec(): BatchSpec {
  const { tenant, model, modelDigest, featureDigest, features, createdAtMs, expiresAtMs, traceparent } = aJobSpec();
  const id = `b${randomBytes(16).toString('hex')}`;
  const times = { createdAtMs, deadlineAtMs: expiresAtMs, audioExpiresAtMs: expiresAtMs, expiresAtMs };
  const source = { kind: 'object' as const, parts: [{ key: 'x', bytes: 1 }] };
  const work = { source, model, modelDigest, featureDigest, features, preflight: false, reuse: true, weight: 1 };
  return { v: 1, id, tenant, name: 'archive', ...work, ...times, traceparent, webhookUrl };
}

describe('the sender of webhooks', () => {
  it('has nothing to do for a job that nobody wants to know of', async () => {
    await endedJob({ webhookUrl: undefined });
    expect(await due()).toBe(0);
  });

  it('tells of a job once, and then has nothing due', async () => {
    const { id } = await endedJob();
    expect(await redis.zrangebyscore(webhookKeys.due, '-inf', '+inf')).toEqual([`local/${id}`]);
    start();
    await eventually(due).toBe(0);
    expect(sent).toMatchObject([{ tenant: 'local', url: webhookUrl, id: webhookIdOf(id) }]);
    expect(bodies()).toMatchObject([{ type: 'job.canceled', data: { id, state: 'canceled' } }]);
  });

  it('tries 3 times where the schedule has 2 waits, then gives up and says so', async () => {
    const { id } = await endedJob();
    verdicts = ['refused', 'refused', 'refused'];
    start([0, 0]);
    await eventually(due).toBe(0);
    expect(sent).toHaveLength(3);
    expect(await createWebhookLedger(redis).read('local', id)).toMatchObject({ state: 'failed', tries: 3 });
    expect(await createWebhookLedger(redis).read('other', id)).toBeUndefined();
    const counted = await metrics.registry.getSingleMetricAsString('timbre_webhook_deliveries_total');
    expect(counted).toMatch(/outcome="retried",service="test"} 2/);
    expect(counted).toMatch(/outcome="failed",service="test"} 1/);
  });

  it('tells of a job whose record has left Redis, from the object store', async () => {
    const spec = await endedJob();
    const record = await ledger.read(spec.id);
    await store.put(submissionKey(spec), Buffer.from(JSON.stringify(spec)));
    await store.put(outcomeKey(spec), Buffer.from(JSON.stringify(record?.view)));
    await redis.del(`timbre:job:${spec.id}`);
    start();
    await eventually(due).toBe(0);
    expect(bodies()).toMatchObject([{ type: 'job.canceled', data: { id: spec.id } }]);
  });

  it('drops what is about a job whose data is deleted', async () => {
    const { id } = await endedJob();
    await redis.del(`timbre:job:${id}`);
    start();
    await eventually(due).toBe(0);
    expect(sent).toEqual([]);
  });

  it('tells of a batch each time it ends, under another id, and waits while it runs again', async () => {
    const spec = aBatchSpec();
    await batches.accept(spec, { maxLive: 10 });
    start();
    await batches.expanded(spec.id);
    await eventually(() => bodies().map(({ type }) => type)).toEqual(['batch.failed']);
    await eventually(due).toBe(0);
    expect(bodies()[0]?.data).toMatchObject({ id: spec.id, clips: { total: 0 } });
    await redis.hset(batchRedisKeys.batch(spec.id), 'state', 'running');
    await redis.zadd(webhookKeys.due, 0, `local/${spec.id}`);
    await eventually(async () => Number(await redis.zscore(webhookKeys.due, `local/${spec.id}`))).toBeGreaterThan(0);
    expect(sent).toHaveLength(1);
    const again = { state: 'completed_with_errors', finishedAt: String(Date.now() + 5000) };
    await redis.hset(batchRedisKeys.batch(spec.id), again);
    await eventually(() => bodies().map(({ type }) => type)).toEqual(['batch.failed', 'batch.completed_with_errors']);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    await eventually(() => createWebhookLedger(redis).read('local', spec.id)).toMatchObject({
      id: sent[1]?.id,
      tries: 1,
      attempts: [{ status: 200 }],
    });
  });

  const hostOf = (index: number) => `https://hooks-${index}.example/`;

  it('delivers each of 2000 exactly once when two senders share them', async () => {
    for (let index = 0; index < 2000; index += 100)
      await Promise.all(Array.from({ length: 100 }, () => endedJob({ webhookUrl: hostOf(index / 100) })));
    start();
    const first = sender;
    start();
    await eventually(due).toBe(0);
    await first?.stop();
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2000);
    expect(sent).toHaveLength(2000);
  });

  it('runs 8 at a time at a silent host, and delivers to another meanwhile', async () => {
    let release: () => void = () => undefined;
    const silence = new Promise<void>((resolve) => (release = resolve));
    const silent = 'https://silent.example/';
    for (let index = 0; index < 400; index += 1) await endedJob({ webhookUrl: silent });
    start([0], async (sending) => {
      sent.push(sending);
      if (sending.url === silent) await silence;
      return answer('delivered');
    });
    await eventually(() => sent.length).toBe(8);
    await endedJob();
    await eventually(() => sent.filter(({ url }) => url === webhookUrl).length).toBe(1);
    expect(sent.filter(({ url }) => url === silent)).toHaveLength(8);
    release();
  });
});
