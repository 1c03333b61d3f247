import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { aBatchSpec } from '../testing/batch-spec.js';
import { startBatchFixture, type BatchFixture } from '../testing/batch-fixture.js';
import { expandQueue, queueFor } from '../contracts/pipeline.js';
import { batchOutcomeKey, shardIndexKey } from '../storage/batch-keys.js';
import { uploadPartKey } from '../storage/upload-keys.js';
import { createBatchKeeperSteps, deleteBatch, deleteBatchAudio } from './batch-keeper.js';

let system: BatchFixture;
const log = pino({ level: 'silent' });
const spec = aBatchSpec();
const { id } = spec;

beforeAll(async () => {
  system = await startBatchFixture();
});
afterAll(() => system.stop());
beforeEach(() => system.clear());

const keeper = () => createBatchKeeperSteps({ ...system, log, now: () => system.clock.now });
const waiting = (lane: 'bulk' | 'quarantine') =>
  system.redis.lrange(`bull:${queueFor('preprocess', lane)}:wait`, 0, -1);
const stateOf = async () => (await system.batches.read(id))?.state;
const ready = async (clips: readonly number[], given = spec): Promise<void> => {
  await system.accept(given);
  await system.addShard(given, clips);
  await system.batches.expanded(given.id);
};

describe('the keeper of batches', () => {
  it('adds the task of reading a source that is in no queue, once', async () => {
    await system.accept(spec);
    system.clock.now += 20_000;
    expect(await keeper().expandAgain()).toBe(1);
    expect(await keeper().expandAgain()).toBe(0);
    expect(await system.redis.exists(`bull:${expandQueue}:${id}`)).toBe(1);
  });

  it('gives a slice that was handed out and is in no queue its task, after 15 s', async () => {
    await ready([2, 2]);
    await system.batches.feed(id, 2);
    expect(await keeper().tendLive()).toBe(0);
    system.clock.now += 16_000;
    expect(await keeper().tendLive()).toBe(1);
    expect(await waiting('bulk')).toHaveLength(2);
    await keeper().tendLive();
    expect(await waiting('bulk')).toHaveLength(2);
  });

  it('sends a slice whose process died to quarantine', async () => {
    await ready([2]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'dead', false);
    await system.batches.begin(task, 'next', false);
    system.clock.now += 16_000;
    await keeper().tendLive();
    expect(await waiting('quarantine')).toHaveLength(1);
  });

  it('ends a batch whose manifest is lost while slices of it are out', async () => {
    await ready([2, 2]);
    await system.batches.feed(id, 2);
    await system.store.delete(shardIndexKey(spec, 0, 'aaaaaaaa'));
    system.clock.now += 16_000;
    await keeper().tendLive();
    expect(await stateOf()).toBe('failed');
  }, 30_000);

  it('expires what has passed its deadline, and ends it 30 s later though its process never answers', async () => {
    await ready([2]);
    await system.batches.feed(id, 1);
    await system.batches.begin(await system.task(spec, 0), 'a', false);
    system.clock.now = spec.deadlineAtMs + 1;
    expect(await keeper().expire()).toBe(1);
    expect(await stateOf()).toBe('canceling');
    system.clock.now += 31_000;
    await keeper().tendLive();
    expect(await stateOf()).toBe('expired');
  });

  it('does not expire a batch by the deadline it had before a retry', async () => {
    await ready([2]);
    await system.batches.feed(id, 1);
    await system.finish(spec, 0, 1);
    system.clock.now = spec.deadlineAtMs + 1000;
    await system.batches.retryFailed(id, system.clock.now + 60_000);
    await keeper().expire();
    expect(await stateOf()).toBe('running');
  });

  it('writes down how a batch ended', async () => {
    await ready([2]);
    await system.batches.feed(id, 1);
    await system.finish(spec, 0);
    expect(await keeper().archive()).toBe(1);
    const outcome = JSON.parse((await system.store.readAll(batchOutcomeKey(spec))).toString()) as object;
    expect(outcome).toMatchObject({ state: 'succeeded', clips: { total: 2, succeeded: 2 } });
    expect(await keeper().archive()).toBe(0);
  });

  it('deletes everything of a batch at its time, in Redis and in the store', async () => {
    await ready([2]);
    await keeper().archive();
    system.clock.now = spec.expiresAtMs + 1;
    expect(await keeper().deleteExpired()).toBe(1);
    const keys = await system.redis.keys('timbre:*');
    expect(keys.filter((key) => key.includes(id))).toEqual([]);
    for await (const { key } of system.store.list(`batches/`)) expect(key).toBe('none');
    expect(await system.batches.page('acme', undefined, 10)).toEqual([]);
  });
});

describe('deleting', () => {
  it('keeps an upload until the last of 2 batches made of it lets it go', async () => {
    const key = uploadPartKey({ tenant: 'acme', id: `u${'0'.repeat(32)}` }, 0, 'token');
    await system.store.put(key, Buffer.from('bytes'));
    const source = { kind: 'object' as const, parts: [{ key, bytes: 5 }] };
    const [first, second] = ['3', '4'].map((end) => aBatchSpec({ id: `b${'0'.repeat(31)}${end}`, source }));
    await system.accept(first!);
    await system.accept(second!);
    await deleteBatchAudio(system, first!);
    expect(await system.store.head(key)).not.toBeNull();
    expect((await system.batches.read(first!.id))?.audioDeleted).toBe(true);
    await deleteBatch(system, second!);
    expect(await system.store.head(key)).toBeNull();
  });

  it('ends a running batch first, so that what is at work is refused', async () => {
    await ready([2]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'a', false);
    await deleteBatch(system, spec);
    expect(await system.batches.commit(task, 'a', { result: 'xxxxxxxx', counts: {}, anyFailed: false })).toBe(false);
    expect(await system.batches.read(id)).toBeNull();
    expect(await system.redis.hget('timbre:backlog-jobs', 'preprocess-bulk')).toBe('0');
  });

  it('knows which unfinished batches work on the clips of another', async () => {
    await system.accept(spec);
    const child = aBatchSpec({ id: `b${'0'.repeat(31)}5`, source: { kind: 'batch', batchId: id } });
    await system.accept(child);
    expect(await system.batches.liveOver(id)).toEqual([child.id]);
    await system.batches.cancel(child.id, 'canceled');
    expect(await system.batches.liveOver(id)).toEqual([]);
  });
});
