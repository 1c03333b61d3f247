import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { aBatchSpec } from '../testing/batch-spec.js';
import { startBatchFixture, type BatchFixture } from '../testing/batch-fixture.js';
import { batchOutcomeKey } from '../storage/batch-keys.js';
import { AppError } from '../errors.js';
import { webhookKeys } from '../webhooks/webhook-due.js';
import { batchViewOf, type BatchRecord } from './batch-record.js';
import { createBatchKeeperSteps } from './batch-keeper.js';
import { rebuildBatches } from './batch-rebuild.js';

let system: BatchFixture;
const log = pino({ level: 'silent' });
const spec = aBatchSpec();

beforeAll(async () => {
  system = await startBatchFixture();
});
afterAll(() => system.stop());
beforeEach(() => system.clear());

const viewNow = async () => {
  const record = await system.batches.read(spec.id);
  if (!record) throw new Error('no such batch');
  return { record, view: batchViewOf(record, { nowMs: system.clock.now }) };
};
const archive = () => createBatchKeeperSteps({ ...system, log, now: () => system.clock.now }).archive();
const loseRedis = async (): Promise<void> => {
  await system.redis.flushall();
  system.directory.forget(spec.id);
};
const countsOf = ({ total, slices, shards, succeeded, failed, msDone, failuresByCode, resume }: BatchRecord) => ({
  ...{ total, slices, shards, succeeded, failed, msDone, failuresByCode, resume },
});

describe('rebuilding batches', () => {
  it('finds a running batch as it was, and hands out only the slices that were not done', async () => {
    await system.accept(spec);
    await system.addShard(spec, [3, 3, 3]);
    await system.addShard(spec, [3]);
    await system.batches.feed(spec.id, 2);
    await system.finish(spec, 0, 1);
    const { record: before } = await viewNow();
    await loseRedis();
    expect(await rebuildBatches({ ...system, log })).toBe(1);
    const { record: after } = await viewNow();
    expect(countsOf(after)).toEqual(countsOf(before));
    expect(after.state).toBe('expanding');
    expect(await system.batches.feed(spec.id, 9)).toEqual([1, 2, 3]);
    expect(await system.batches.resultToken(spec.id, 0)).toBe('r0000000');
  });

  it('finds a batch that had ended with the same words, and tells of it under the same end', async () => {
    const told = { ...spec, webhookUrl: 'https://example.org/hook' };
    await system.accept(told);
    await system.addShard(told, [3, 3]);
    await system.batches.expanded(spec.id);
    await system.batches.feed(spec.id, 2);
    system.clock.now = Date.now() - 60_000;
    await system.finish(told, 0, 1);
    await system.finish(told, 1);
    await archive();
    const before = await viewNow();
    await loseRedis();
    system.clock.now += 30_000;
    await rebuildBatches({ ...system, log });
    const after = await viewNow();
    expect(after.view).toEqual(before.view);
    expect(after.record.finishedAtMs).toBe(before.record.finishedAtMs);
    expect(await system.redis.zrange(webhookKeys.due, '0', '-1')).toEqual([`acme/${spec.id}`]);
    expect(await system.redis.zcard('timbre:batches:live')).toBe(0);
  });

  it('hands nothing out of a batch that was canceled', async () => {
    await system.accept(spec);
    await system.addShard(spec, [3, 3]);
    await system.batches.cancel(spec.id, 'canceled');
    await archive();
    await loseRedis();
    await rebuildBatches({ ...system, log });
    expect((await viewNow()).view).toMatchObject({ state: 'canceled', clips: { total: 6, canceled: 6 } });
    expect(await system.batches.feed(spec.id, 9)).toEqual([]);
    expect(await system.redis.hget('timbre:backlog-jobs', 'preprocess-bulk')).toBe('0');
  });

  it('takes the shard that the next one goes on from, not a newer one of an overtaken reader', async () => {
    await system.accept(spec);
    await system.addShard(spec, [3, 3]);
    await system.addShard(spec, [2]);
    await system.addShard(spec, [2, 2, 2], { shard: 0, token: 'zzzzzzzz' });
    await loseRedis();
    await rebuildBatches({ ...system, log });
    expect((await viewNow()).record).toMatchObject({ total: 8, slices: 3, shards: 2 });
    expect(await system.batches.shardToken(spec.id, 0)).toBe('aaaaaaaa');
  });

  it('does not take results that are of other clips than the slice has', async () => {
    await system.accept(spec);
    await system.addShard(spec, [3]);
    await system.batches.feed(spec.id, 1);
    await system.finish(spec, 0);
    await loseRedis();
    await system.store.deletePrefix(`batches/acme/${spec.id}/manifest/`);
    await system.addShard(spec, [2]);
    await rebuildBatches({ ...system, log });
    expect((await viewNow()).record).toMatchObject({ total: 2, succeeded: 0 });
    expect(await system.batches.feed(spec.id, 9)).toEqual([0]);
  });

  it('leaves a batch alone that is there', async () => {
    await system.accept(spec);
    await system.addShard(spec, [3]);
    await system.batches.feed(spec.id, 1);
    await rebuildBatches({ ...system, log });
    expect((await viewNow()).record).toMatchObject({ total: 3, inFlight: 1 });
  });

  it('leaves nothing half rebuilt when the store stops answering', async () => {
    await system.accept(spec);
    await system.addShard(spec, [3]);
    await loseRedis();
    const store: typeof system.store = {
      ...system.store,
      readAll: (key, options) =>
        key.includes('/manifest/')
          ? Promise.reject(new AppError('dependency_unavailable'))
          : system.store.readAll(key, options),
    };
    await expect(rebuildBatches({ ...system, store, log })).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(await system.batches.read(spec.id)).toBeNull();
    expect(await rebuildBatches({ ...system, log })).toBe(1);
    expect((await viewNow()).record.total).toBe(3);
  });

  it('reads the outcome of a batch only where there is one', async () => {
    await system.accept(spec);
    expect(await system.store.head(batchOutcomeKey(spec))).toBeNull();
    await loseRedis();
    await rebuildBatches({ ...system, log });
    expect((await viewNow()).view.state).toBe('expanding');
  });
});
