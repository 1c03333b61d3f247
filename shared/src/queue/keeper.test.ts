import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import type { Redis } from 'ioredis';
import { createMetrics } from '../observability/metrics.js';
import { createFileStore } from '../storage/file-store.js';
import { audioKey, incomingKey, outcomeKey, submissionKey } from '../storage/job-keys.js';
import { uploadInfoKey, uploadPartKey } from '../storage/upload-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { aJobSpec } from '../testing/job-spec.js';
import { startTestRedis, type TestRedis } from '../testing/redis-server.js';
import type { JobSpec } from '../contracts/job.js';
import { queueFor } from '../contracts/pipeline.js';
import { createBatchLedger } from '../batch/batch-ledger.js';
import { createSliceDirectory } from '../batch/slice-directory.js';
import { createKeeper } from './keeper.js';
import { ledgerKeys } from './ledger-keys.js';
import { createLedger, type Ledger } from './ledger.js';
import { createRedis } from './redis-connection.js';
import { createTaskQueues, type TaskQueues } from './task-queues.js';

const log = pino({ level: 'silent' });
const metrics = createMetrics('test');
let server: TestRedis;
let redis: Redis;
let ledger: Ledger;
let queues: TaskQueues;
let store: ObjectStore;
let root: string;
let clock: number;

beforeAll(async () => {
  server = await startTestRedis();
  redis = createRedis(server.url, 'call', log);
  ledger = createLedger(redis, () => clock);
  queues = createTaskQueues(redis);
});
afterAll(async () => {
  await queues.close();
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  clock = Date.now();
  await redis.flushall();
  root = await mkdtemp(join(tmpdir(), 'timbre-keeper-'));
  store = createFileStore({ root });
  await redis.set(ledgerKeys.epoch, 'now');
  return () => rm(root, { recursive: true });
});

const keeper = (change: Partial<Parameters<typeof createKeeper>[0]> = {}) => {
  const batches = createBatchLedger(redis, () => clock);
  return createKeeper({
    redis,
    batches,
    directory: createSliceDirectory(store, batches),
    ledger,
    queues,
    store,
    metrics,
    log,
    recordSeconds: 60,
    tensorSeconds: 60,
    clipSeconds: 60,
    now: () => clock,
    ...change,
  });
};

async function aJob(change: Partial<JobSpec> = {}): Promise<JobSpec> {
  const spec = aJobSpec({ lane: 'bulk', createdAtMs: clock, ...change });
  await store.put(audioKey(spec), Buffer.from('abc'));
  await store.put(submissionKey(spec), Buffer.from(JSON.stringify(spec)));
  await ledger.submit(spec, { maxLive: 100 });
  return spec;
}
const keysUnder = async (prefix: string) => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

describe('keeper', () => {
  it('adds the task of a job whose gateway died before it could, 2 s after the promise', async () => {
    const { id } = await aJob();
    expect(await keeper().sweep()).toMatchObject({ requeued: 0 });
    clock += 2500;
    expect(await keeper().sweep()).toBeUndefined();
    await redis.del('timbre:keeper');
    expect(await keeper().sweep()).toMatchObject({ requeued: 1 });
    expect(await redis.exists(`bull:${queueFor('preprocess', 'bulk')}:${id}-preprocess-0`)).toBe(1);
  });

  it('expires a job past its deadline, archives it, forgets it after its time and deletes it after its retention', async () => {
    const spec = await aJob();
    const only = keeper();
    clock += 61_000;
    expect(await only.sweep()).toMatchObject({ expired: 1, archived: 1 });
    expect(await store.head(outcomeKey(spec))).not.toBeNull();
    clock += 61_000;
    expect(await only.sweep()).toMatchObject({ forgotten: 1 });
    expect(await ledger.read(spec.id)).toBeNull();
    clock += 3_600_000;
    expect(await only.sweep()).toMatchObject({ deleted: 1 });
    expect(await keysUnder('jobs/')).toEqual([]);
    expect(await ledger.page('local', undefined, 10)).toEqual([]);
  });

  it('leaves no trace of a job whose retention ends before it does: live 0, backlog 0', async () => {
    await aJob({ expiresAtMs: clock + 1000 });
    clock += 1500;
    expect(await keeper().sweep()).toMatchObject({ deleted: 1 });
    expect(await ledger.live()).toBe(0);
    expect((await ledger.backlog()).get('preprocess-bulk')).toEqual({ audioSeconds: 0, jobs: 0 });
    for (const key of [ledgerKeys.outbox, ledgerKeys.deadlines, ledgerKeys.archive, ledgerKeys.forget])
      expect(await redis.zcard(key), key).toBe(0);
  });

  it('deletes what is due though the disk is full and nothing can be archived', async () => {
    const full = Object.assign(Object.create(store) as ObjectStore, {
      put: () => Promise.reject(new Error('no space left')),
    });
    await aJob({ deadlineAtMs: clock + 10 });
    await aJob({ expiresAtMs: clock + 10 });
    clock += 100;
    const report = await keeper({ store: full }).sweep();
    expect(report).toMatchObject({ deleted: 1, expired: 1, archived: 0 });
  });

  it('archives past 600 ids whose records are gone', async () => {
    for (let index = 0; index < 600; index += 1) await redis.zadd(ledgerKeys.archive, clock - 1000, `j${index}`);
    const spec = await aJob({ deadlineAtMs: clock + 10 });
    clock += 100;
    const only = keeper();
    await only.sweep();
    await only.sweep();
    expect(await redis.zcard(ledgerKeys.archive)).toBe(0);
    expect(await store.head(outcomeKey(spec))).not.toBeNull();
  });

  it('rebuilds an emptied ledger past a submission that cannot be read', async () => {
    const spec = await aJob();
    const broken = await aJob();
    await store.put(submissionKey(broken), Buffer.from('{}'));
    await redis.flushall();
    expect(await keeper().sweep()).toMatchObject({ rebuilt: 1 });
    expect((await ledger.read(spec.id))?.state).toBe('queued');
  });

  it('sweeps uploads nobody named, old tensor packs and clips without a record, and nothing younger or wanted', async () => {
    const spec = await aJob();
    const lost = audioKey({ tenant: 'local', id: `j${'0'.repeat(32)}` });
    for (const key of [lost, incomingKey('local', `u${'1'.repeat(32)}`), 'tensors/local/ab/abc'])
      await store.put(key, Buffer.from('x'));
    const only = keeper();
    const parts = { tenant: 'local', id: `u${'2'.repeat(32)}` };
    await store.put(uploadInfoKey(parts), Buffer.from('{}'));
    await store.put(uploadPartKey(parts, 0, '00000000'), Buffer.from('x'));
    expect(await only.sweep()).toMatchObject({ sweptObjects: 0 });
    clock += 90_000_000;
    await redis.zadd(ledgerKeys.expiry, clock + 1_000_000, `local/${spec.id}`);
    expect(await only.sweep()).toMatchObject({ sweptObjects: 5 });
    expect((await keysUnder('')).filter((key) => !key.endsWith('outcome.json')).sort()).toEqual(
      [audioKey(spec), submissionKey(spec)].sort(),
    );
  });
});
