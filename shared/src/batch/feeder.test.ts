import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { AppError } from '../errors.js';
import { aBatchSpec } from '../testing/batch-spec.js';
import { startBatchFixture, type BatchFixture } from '../testing/batch-fixture.js';
import { queueFor } from '../contracts/pipeline.js';
import { shardIndexKey } from '../storage/batch-keys.js';
import { createFeeder } from './feeder.js';
import type { SliceDirectory } from './slice-directory.js';

let system: BatchFixture;
const log = pino({ level: 'silent' });
const spec = aBatchSpec();
const other = aBatchSpec({ id: `b${'0'.repeat(31)}2`, tenant: 'other' });
const waitKey = `bull:${queueFor('preprocess', 'bulk')}:wait`;

beforeAll(async () => {
  system = await startBatchFixture();
});
afterAll(() => system.stop());
beforeEach(() => system.clear());

const feederWith = (over: { directory?: SliceDirectory; maxWaiting?: number } = {}) =>
  createFeeder({ maxWaiting: 64, ...system, ...over, subscriber: system.redis, log, now: () => system.clock.now });
const queued = async (): Promise<string[]> => (await system.redis.lrange(waitKey, 0, -1)).reverse();
const ones = (count: number) => Array.from({ length: count }, () => 1);

describe('the feeder', () => {
  it('keeps the queue short, whatever the length of the batch', async () => {
    await system.accept(spec);
    await system.addShard(spec, ones(200));
    const feeder = feederWith();
    expect(await feeder.tick()).toBe(4);
    for (let tick = 0; tick < 10; tick++) await feeder.tick();
    expect((await queued()).length).toBeLessThanOrEqual(8);
    expect((await system.batches.read(spec.id))?.inFlight).toBe((await queued()).length);
  });

  it('takes turns between tenants: the second of 2 has half of the queue though it came after 200 slices', async () => {
    await system.accept(spec);
    await system.addShard(spec, ones(200));
    await system.accept(other);
    await system.addShard(other, ones(2));
    await feederWith().tick();
    const ids = await queued();
    expect(ids).toHaveLength(4);
    expect(ids.filter((id) => id.startsWith(other.id))).toHaveLength(2);
  });

  it('feeds from one process at a time', async () => {
    await system.accept(spec);
    await system.addShard(spec, ones(20));
    expect(await feederWith().tick()).toBe(4);
    expect(await feederWith().tick()).toBe(0);
  });

  it('hands out nothing while the store does not answer, and all of it afterwards', async () => {
    await system.accept(spec);
    await system.addShard(spec, ones(3));
    await system.batches.expanded(spec.id);
    const directory: SliceDirectory = {
      ...system.directory,
      find: () => Promise.reject(new AppError('dependency_unavailable')),
    };
    for (let tick = 0; tick < 3; tick++) {
      await expect(feederWith({ directory }).tick()).rejects.toMatchObject({ code: 'dependency_unavailable' });
      await system.redis.del('timbre:feeder');
    }
    expect(await system.batches.read(spec.id)).toMatchObject({ inFlight: 0, state: 'running' });
    expect(await feederWith().tick()).toBe(3);
  });

  it('ends a batch whose manifest is lost, and feeds the others', async () => {
    await system.accept(spec);
    await system.addShard(spec, ones(3));
    await system.batches.expanded(spec.id);
    await system.store.delete(shardIndexKey(spec, 0, 'aaaaaaaa'));
    await system.accept(other);
    await system.addShard(other, ones(2));
    await expect(feederWith().tick()).rejects.toMatchObject({ code: 'object_missing' });
    expect(await system.batches.read(spec.id)).toMatchObject({ state: 'failed', error: { code: 'object_missing' } });
    expect((await queued()).every((id) => id.startsWith(other.id))).toBe(true);
    expect(await queued()).toHaveLength(2);
  }, 30_000);
});
