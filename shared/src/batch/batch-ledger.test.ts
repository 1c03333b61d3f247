import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aBatchSpec } from '../testing/batch-spec.js';
import { clipMs, resultsOf, startBatchFixture, type BatchFixture } from '../testing/batch-fixture.js';
import type { SliceTask } from '../contracts/pipeline.js';
import { countDifference, countResults } from './slice-counts.js';
import { batchRedisKeys } from './batch-redis-keys.js';

let system: BatchFixture;
const spec = aBatchSpec();
const { id } = spec;
const pack = { key: 'pack', bytes: 1, sha256: 'x', windows: 1 };

beforeAll(async () => {
  system = await startBatchFixture();
});
afterAll(() => system.stop());
beforeEach(() => system.clear());

const read = async () => {
  const record = await system.batches.read(id);
  if (!record) throw new Error('no such batch');
  return record;
};
const backlog = async () => ({
  ms: await system.redis.hgetall('timbre:backlog-ms'),
  jobs: await system.redis.hgetall('timbre:backlog-jobs'),
});
const noBacklog = { 'preprocess-bulk': '0', 'infer-bulk': '0' };
/** Accepted, one shard, wholly read. */
const ready = async (clips: readonly number[]): Promise<void> => {
  await system.accept(spec);
  await system.addShard(spec, clips);
  await system.batches.expanded(id);
};
/** Attempts of a slice that each end with their process, in quarantine from the second on. */
const die = async (task: SliceTask, times: number, clip?: number): Promise<void> => {
  for (let death = 0; death < times; death++) {
    const token = `dead-${death}-${clip ?? ''}`;
    await system.batches.begin(task, token, death > 0);
    if (clip !== undefined) await system.batches.mark(task, token, clip);
  }
};

describe('accepting a batch', () => {
  it('makes a record that reads as it was given', async () => {
    await system.accept(spec);
    expect(await read()).toMatchObject({ spec, state: 'expanding', total: 0, deadlineAtMs: spec.deadlineAtMs });
  });

  it('leaves a batch alone that exists', async () => {
    await ready([3]);
    expect(await system.batches.accept(spec, { maxLive: 1 })).toBe('exists');
    expect(await read()).toMatchObject({ state: 'running', total: 3 });
  });

  it('refuses the second where one may live', async () => {
    await system.accept(spec);
    const other = aBatchSpec({ id: `b${'0'.repeat(31)}2` });
    await expect(system.batches.accept(other, { maxLive: 1 })).rejects.toMatchObject({ code: 'queue_full' });
    expect(await system.batches.read(other.id)).toBeNull();
  });

  it('lists 5 batches of one millisecond once each, in pages of 2', async () => {
    const all = ['1', '2', '3', '4', '5'].map((end) => aBatchSpec({ id: `b${'0'.repeat(31)}${end}` }));
    for (const each of all) await system.accept(each);
    const listed: string[] = [];
    for (let page = await system.batches.page('acme', undefined, 2); page.length > 0;) {
      listed.push(...page.map((place) => place.id));
      page = await system.batches.page('acme', page.at(-1), 2);
    }
    expect(listed).toEqual(all.map((each) => each.id).reverse());
  });

  it('keeps tenants apart in lists', async () => {
    await system.accept(spec);
    expect(await system.batches.page('acme', undefined, 10)).toHaveLength(1);
    expect(await system.batches.page('other', undefined, 10)).toEqual([]);
  });
});

describe('adding manifest shards', () => {
  it('takes each shard once: a second reader of shard 0 is told that it is overtaken', async () => {
    await system.accept(spec);
    expect(await system.addShard(spec, [4, 4])).toBe('added');
    expect(await system.addShard(spec, [4, 4], { shard: 0, token: 'bbbbbbbb' })).toBe('superseded');
    expect(await read()).toMatchObject({ total: 8, slices: 2, shards: 1 });
    expect(await system.batches.shardToken(id, 0)).toBe('aaaaaaaa');
  });

  it('takes none once the source was read to its end', async () => {
    await ready([4]);
    expect(await system.addShard(spec, [4])).toBe('ended');
    expect((await read()).total).toBe(4);
  });

  it('ends a batch of no clips as failed', async () => {
    await system.accept(spec);
    await system.batches.expanded(id, { code: 'batch_empty', title: 'x', detail: 'x', retryable: false });
    expect(await read()).toMatchObject({ state: 'failed', error: { code: 'batch_empty' } });
  });

  it('ends a batch whose 3 clips were all decided by the reader', async () => {
    await system.accept(spec);
    await system.batches.addShard(id, {
      ...{ shard: 0, token: 'aaaaaaaa', resume: '1', slices: 1, total: 3, msTotal: 0, todo: [] },
      done: [{ slice: 0, token: 'rrrrrrrr', failed: false }],
      counts: { succeeded: 3, reused: 3 },
    });
    await system.batches.expanded(id);
    expect(await read()).toMatchObject({ state: 'succeeded', succeeded: 3, reused: 3 });
  });
});

describe('handing out slices', () => {
  it('goes from the lowest number up, each once', async () => {
    await ready([1, 1, 1, 1]);
    expect(await system.batches.feed(id, 3)).toEqual([0, 1, 2]);
    expect(await system.batches.feed(id, 3)).toEqual([3]);
    expect(await system.batches.feed(id, 3)).toEqual([]);
  });

  it('gives nothing of a paused batch until it is resumed', async () => {
    await ready([1]);
    await system.batches.pause(id, true);
    expect(await system.batches.feed(id, 1)).toEqual([]);
    await system.batches.pause(id, false);
    expect(await system.batches.feed(id, 1)).toEqual([0]);
  });

  it('takes back a slice without a task, and not one at work', async () => {
    await ready([1, 1]);
    await system.batches.feed(id, 2);
    await system.batches.begin(await system.task(spec, 0), 'a', false);
    expect(await system.batches.takeBack(id, 0)).toBe(false);
    expect(await system.batches.takeBack(id, 1)).toBe(true);
    expect(await system.batches.takeBack(id, 1)).toBe(false);
    expect((await read()).inFlight).toBe(1);
    expect(await system.batches.feed(id, 2)).toEqual([1]);
  });
});

describe('committing a slice', () => {
  it('counts its clips once, whoever tries again', async () => {
    await ready([4]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    const counts = countResults(resultsOf(task, 1));
    await system.batches.begin(task, 'a', false);
    expect(await system.batches.commit(task, 'other', { result: 'xxxxxxxx', counts, anyFailed: true })).toBe(false);
    expect(await system.batches.commit(task, 'a', { result: 'r0000000', counts, anyFailed: true })).toBe(true);
    expect(await system.batches.commit(task, 'a', { result: 'r0000001', counts, anyFailed: true })).toBe(false);
    expect(await read()).toMatchObject({ state: 'completed_with_errors', succeeded: 3, failed: 1, inFlight: 0 });
    expect(await system.batches.resultToken(id, 0)).toBe('r0000000');
  });

  it('refuses an attempt that was overtaken', async () => {
    await ready([2]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'frozen', false);
    expect(await system.batches.begin(task, 'next', false)).toEqual({ kind: 'quarantine', deaths: 1, generation: 0 });
    expect(await system.batches.commit(task, 'frozen', { result: 'xxxxxxxx', counts: {}, anyFailed: false })).toBe(
      false,
    );
  });

  it('waits for the reader before it ends the batch', async () => {
    await system.accept(spec);
    await system.addShard(spec, [2]);
    await system.batches.feed(id, 1);
    await system.finish(spec, 0);
    expect((await read()).state).toBe('expanding');
    await system.batches.expanded(id);
    expect((await read()).state).toBe('succeeded');
  });

  it('leaves no backlog behind, through both stages and a remade pack', async () => {
    await ready([2]);
    expect((await backlog()).jobs['preprocess-bulk']).toBe('2');
    await system.batches.feed(id, 1);
    const first = await system.task(spec, 0);
    const second = { ...first, stage: 'infer' as const };
    await system.batches.begin(first, 'a', false);
    await system.batches.advance(first, 'a', pack, 4000);
    expect((await backlog()).jobs).toEqual({ 'preprocess-bulk': '0', 'infer-bulk': '2' });
    await system.batches.begin(second, 'b', false);
    expect(await system.batches.remake(second, 'b')).toBe(1);
    await system.batches.begin(first, 'c', false);
    await system.batches.advance(first, 'c', pack, 4000);
    await system.batches.begin(second, 'd', false);
    expect(await system.batches.remake(second, 'd')).toBe('exhausted');
    await system.batches.commit(second, 'd', { result: 'r0000000', counts: { succeeded: 2 }, anyFailed: false });
    expect(await backlog()).toEqual({ ms: noBacklog, jobs: noBacklog });
    expect(await read()).toMatchObject({ state: 'succeeded', running: 0, inFlight: 0 });
  });
});

describe('processes that die over a slice', () => {
  it('condemns the clip that was at work in 2 quarantined deaths', async () => {
    await ready([3]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await die(task, 1);
    await die(task, 3, 1);
    const begun = await system.batches.begin(task, 'last', true);
    expect(begun).toMatchObject({ kind: 'run', condemned: [1], unexplainedDeaths: 1 });
  });

  it('suspects the clip that was at work in a death, until an attempt survives it', async () => {
    await ready([3]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await die(task, 1, 1);
    expect(await system.batches.begin(task, 'a', true)).toMatchObject({ condemned: [], suspects: [1] });
    await system.batches.mark(task, 'a', 1);
    await system.batches.mark(task, 'a', undefined);
    expect(await system.batches.begin(task, 'b', true)).toMatchObject({ condemned: [], suspects: [] });
  });

  it('forgets a mark that the attempt took back', async () => {
    await ready([3]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'a', true);
    await system.batches.mark(task, 'a', 1);
    await system.batches.mark(task, 'a', undefined);
    await system.batches.begin(task, 'b', true);
    expect(await system.batches.begin(task, 'c', true)).toMatchObject({ condemned: [], unexplainedDeaths: 2 });
  });

  it('counts no death where an attempt was given back', async () => {
    await ready([3]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'a', false);
    expect(await system.batches.release(task, 'a', true)).toBe(1);
    expect(await system.batches.begin(task, 'b', false)).toMatchObject({ kind: 'run', deaths: 0, failures: 1 });
  });
});

describe('running failed clips again', () => {
  beforeEach(async () => {
    await ready([4, 4]);
    await system.batches.feed(id, 2);
    await system.finish(spec, 0, 2);
    await system.finish(spec, 1);
  });

  it('hands out only the slices with failures, and adds the differences', async () => {
    expect(await system.batches.retryFailed(id, spec.deadlineAtMs + 5000)).toBe('retrying');
    expect(await system.batches.feed(id, 9)).toEqual([0]);
    const task = await system.task(spec, 0);
    const begun = await system.batches.begin(task, 'again', false);
    expect(begun).toMatchObject({ previous: 'r0000000', deadlineAtMs: spec.deadlineAtMs + 5000 });
    const counts = countDifference(countResults(resultsOf(task)), countResults(resultsOf(task, 2)));
    await system.batches.commit(task, 'again', { result: 'r0000009', counts, anyFailed: false });
    expect(await read()).toMatchObject({ state: 'succeeded', succeeded: 8, failed: 0, failuresByCode: {}, round: 1 });
    expect(await system.batches.retryFailed(id, 1)).toBe('succeeded');
  });

  it('never drives the backlog below zero, and ends at zero', async () => {
    await system.batches.retryFailed(id, spec.deadlineAtMs);
    expect((await backlog()).ms['preprocess-bulk']).toBe(String(4 * clipMs));
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'again', false);
    expect((await backlog()).jobs['preprocess-bulk']).toBe('4');
    await system.batches.commit(task, 'again', { result: 'r0000009', counts: {}, anyFailed: true });
    expect(await backlog()).toEqual({ ms: { 'preprocess-bulk': '0', 'infer-bulk': '0' }, jobs: noBacklog });
    expect((await read()).state).toBe('completed_with_errors');
  });

  it('goes on though the batch was paused when it ended', async () => {
    await system.redis.hset(batchRedisKeys.batch(id), 'paused', 1);
    await system.batches.retryFailed(id, spec.deadlineAtMs);
    expect(await system.batches.feed(id, 1)).toEqual([0]);
  });
});

describe('ending a batch early', () => {
  it('keeps what is finished, and waits for what is at work', async () => {
    await ready([1, 1, 1, 1]);
    await system.batches.feed(id, 3);
    await system.finish(spec, 0);
    const atWork = await system.task(spec, 1);
    await system.batches.begin(atWork, 'a', false);
    expect(await system.batches.cancel(id, 'canceled')).toBe('canceling');
    expect(await read()).toMatchObject({ state: 'canceling', inFlight: 1, succeeded: 1 });
    await system.batches.release(atWork, 'a', false);
    expect(await read()).toMatchObject({ state: 'canceled', inFlight: 0, succeeded: 1 });
    expect(await backlog()).toMatchObject({ jobs: { 'preprocess-bulk': '0' } });
  });

  it('counts a slice that was done before it heard of the end', async () => {
    await ready([1, 1]);
    await system.batches.feed(id, 1);
    const atWork = await system.task(spec, 0);
    await system.batches.begin(atWork, 'a', false);
    await system.batches.cancel(id, 'canceled');
    const done = { result: 'r0000000', counts: { succeeded: 1 }, anyFailed: false };
    expect(await system.batches.commit(atWork, 'a', done)).toBe(true);
    expect(await read()).toMatchObject({ state: 'canceled', succeeded: 1 });
  });

  it('ends at the next delivery where the process at work died', async () => {
    await ready([1]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'dead', false);
    await system.batches.cancel(id, 'canceled');
    expect(await system.batches.begin(task, 'next', false)).toEqual({ kind: 'terminal' });
    expect((await read()).state).toBe('canceled');
  });

  it('is decided by the first: a deadline does not turn a canceled batch into an expired one, nor start its clock anew', async () => {
    await ready([1]);
    await system.batches.feed(id, 1);
    await system.batches.begin(await system.task(spec, 0), 'a', false);
    await system.batches.cancel(id, 'canceled');
    system.clock.now += 60_000;
    expect(await system.batches.cancel(id, 'expired')).toBe('canceling');
    expect(await system.batches.forceEnd(id, system.clock.now - 30_000)).toBe(1);
    expect((await read()).state).toBe('canceled');
  });

  it('lets nothing be handed out, advanced or committed afterwards', async () => {
    await ready([1, 1]);
    await system.batches.feed(id, 1);
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'a', false);
    await system.batches.cancel(id, 'expired');
    await system.batches.forceEnd(id, Number.MAX_SAFE_INTEGER);
    expect(await system.batches.feed(id, 1)).toEqual([]);
    expect(await system.batches.advance(task, 'a', pack, 1)).toBe('terminal');
    expect(await system.batches.commit(task, 'a', { result: 'xxxxxxxx', counts: { failed: 1 }, anyFailed: true })).toBe(
      false,
    );
    expect(await read()).toMatchObject({ state: 'expired', failed: 0 });
  });

  it('that cannot go on is failed, or finished with errors, by what it has', async () => {
    const error = { code: 'object_missing', title: 'x', detail: 'x', retryable: false };
    await ready([1, 1]);
    await system.batches.feed(id, 1);
    await system.finish(spec, 0);
    await system.batches.giveUp(id, error);
    expect(await read()).toMatchObject({ state: 'completed_with_errors', error });
    await system.clear();
    await ready([1]);
    await system.batches.giveUp(id, error);
    expect(await read()).toMatchObject({ state: 'failed', error });
  });
});

describe('any order of events', () => {
  it('counts 60 clips exactly once and leaves no backlog, over 40 random histories', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      await system.clear();
      await ready([5, 10, 15, 20, 10]);
      await play(seed);
      const record = await read();
      expect({ seed, state: record.state, sum: record.succeeded + record.failed }).toMatchObject({ seed, sum: 60 });
      expect(['completed_with_errors', 'succeeded', 'failed']).toContain(record.state);
      expect(await backlog()).toEqual({ ms: noBacklog, jobs: noBacklog });
    }
  });

  /** Attempts that die, give back, advance, come late and commit twice, until the batch has ended. */
  async function play(seed: number): Promise<void> {
    let state = seed;
    const random = (most: number): number => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return Math.floor((state / 2147483648) * most);
    };
    const late: { task: SliceTask; token: string }[] = [];
    let attempts = 0;
    while ((await read()).state === 'running') {
      await system.batches.feed(id, random(3));
      for (const { slice, stage } of await system.batches.inFlight(id)) {
        const task = await system.task(spec, slice, stage);
        const token = `t${attempts++}`;
        const begun = await system.batches.begin(task, token, random(2) === 0);
        if (begun.kind !== 'run') continue;
        late.push({ task, token });
        const does = random(5);
        if (does === 1) await system.batches.release(task, token, true);
        if (does === 2 && stage === 'preprocess') await system.batches.advance(task, token, pack, random(9000));
        if (does === 3 && stage === 'infer') await system.batches.remake(task, token);
        if (does >= 4) await commit(task, token, random(2));
      }
      const old = late[random(late.length || 1)];
      if (old && random(3) === 0 && !(await isAtWork(old))) await commit(old.task, old.token, 0);
    }
  }

  const isAtWork = async ({ task, token }: { task: SliceTask; token: string }): Promise<boolean> => {
    const entry = await system.redis.hget(batchRedisKeys.inFlight(id), String(task.slice));
    return entry !== null && (JSON.parse(entry) as { t?: string }).t === token;
  };
  const commit = (task: SliceTask, token: string, failing: number) =>
    system.batches.commit(task, token, {
      result: 'r0000000',
      counts: countResults(resultsOf(task, failing)),
      anyFailed: failing > 0,
    });
});
