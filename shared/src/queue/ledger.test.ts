import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import type { Redis } from 'ioredis';
import { aJobSpec } from '../testing/job-spec.js';
import { startTestRedis, type TestRedis } from '../testing/redis-server.js';
import type { JobSpec } from '../contracts/job.js';
import { createLedger, type BeginAnswer, type Ledger } from './ledger.js';
import { createRedis } from './redis-connection.js';
import { terminalView } from './job-record.js';
import { ledgerKeys } from './ledger-keys.js';

const log = pino({ level: 'silent' });
let server: TestRedis;
let redis: Redis;
let ledger: Ledger;

beforeAll(async () => {
  server = await startTestRedis();
  redis = createRedis(server.url, 'call', log);
  ledger = createLedger(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

const pack = { key: 'tensors/x', bytes: 1, sha256: 'y', windows: 1 };
const submit = (spec: JobSpec, maxLive = 100) => ledger.submit(spec, { maxLive });
async function run(
  spec: JobSpec,
  stage: 'preprocess' | 'infer',
  token = 't',
): Promise<Extract<BeginAnswer, { kind: 'run' }>> {
  const answer = await ledger.begin(spec.id, stage, token, false);
  if (answer.kind !== 'run') throw new Error(`expected run, got ${answer.kind}`);
  return answer;
}
async function end(spec: JobSpec, state: 'succeeded' | 'canceled', token = ''): Promise<boolean> {
  const record = await ledger.read(spec.id);
  return ledger.commit(state, terminalView(record!, { state }, Date.now()), Date.now() + 1000, token);
}

describe('ledger', () => {
  it('takes a job through both stages and logs four events without gaps', async () => {
    const spec = aJobSpec();
    await submit(spec);
    await run(spec, 'preprocess');
    expect(await ledger.advance(spec, 't', { pack, progress: {}, seconds: 3 })).toBe('advanced');
    const { pack: handed } = await run(spec, 'infer');
    expect(handed).toEqual(pack);
    expect(await end(spec, 'succeeded')).toBe(true);
    const events = await ledger.eventsAfter(spec.id, 0);
    expect(events.map(({ seq, state }) => [seq, state])).toEqual([
      [1, 'queued'],
      [2, 'preprocessing'],
      [3, 'inferring'],
      [4, 'succeeded'],
    ]);
  });

  it('keeps the first terminal state when two attempts end the job', async () => {
    const spec = aJobSpec();
    await submit(spec);
    expect(await end(spec, 'canceled')).toBe(true);
    expect(await end(spec, 'succeeded')).toBe(false);
    expect((await ledger.read(spec.id))?.state).toBe('canceled');
  });

  it('moves the backlog from stage to stage and back to zero', async () => {
    const spec = aJobSpec({ estimatedSeconds: 2 });
    await submit(spec);
    expect((await ledger.backlog()).get('preprocess-interactive')).toEqual({ audioSeconds: 2, jobs: 1 });
    await run(spec, 'preprocess');
    await ledger.advance(spec, 't', { pack, progress: {}, seconds: 3 });
    const between = await ledger.backlog();
    expect(between.get('preprocess-interactive')).toEqual({ audioSeconds: 0, jobs: 0 });
    expect(between.get('infer-interactive')).toEqual({ audioSeconds: 3, jobs: 1 });
    await end(spec, 'canceled');
    expect((await ledger.backlog()).get('infer-interactive')).toEqual({ audioSeconds: 0, jobs: 0 });
  });

  it('ends a job of 0 estimated seconds', async () => {
    const spec = aJobSpec({ estimatedSeconds: 0 });
    await submit(spec);
    expect(await end(spec, 'canceled')).toBe(true);
  });

  it('refuses the 3rd unfinished job when 2 are allowed', async () => {
    await submit(aJobSpec(), 2);
    await submit(aJobSpec(), 2);
    await expect(submit(aJobSpec(), 2)).rejects.toMatchObject({ code: 'queue_full' });
  });

  it('sends an attempt whose predecessor vanished to quarantine, and gives the job up at the 3rd death', async () => {
    const spec = aJobSpec();
    await submit(spec);
    await run(spec, 'preprocess', 'first');
    expect(await ledger.begin(spec.id, 'preprocess', 'second', false)).toEqual({ kind: 'quarantine', deaths: 1 });
    expect((await ledger.begin(spec.id, 'preprocess', 'second', true)).kind).toBe('run');
    expect((await ledger.begin(spec.id, 'preprocess', 'third', true)).kind).toBe('run');
    expect(await ledger.begin(spec.id, 'preprocess', 'fourth', true)).toEqual({ kind: 'poisoned', deaths: 3 });
  });

  it('does not count an attempt that was given back as a death', async () => {
    const spec = aJobSpec();
    await submit(spec);
    await run(spec, 'preprocess', 'first');
    expect(await ledger.release(spec.id, 'first', true)).toBe(1);
    const again = await run(spec, 'preprocess', 'second');
    expect(again.record.deaths).toBe(0);
    expect(again.failures).toBe(1);
  });

  it('lets the later of two overlapping attempts hand on only once', async () => {
    const spec = aJobSpec();
    await submit(spec);
    await run(spec, 'preprocess', 'zombie');
    expect(await ledger.advance(spec, 'zombie', { pack, progress: {}, seconds: 1 })).toBe('advanced');
    expect(await ledger.advance(spec, 'other', { pack, progress: {}, seconds: 1 })).toBe('superseded');
    expect((await ledger.begin(spec.id, 'preprocess', 'late', false)).kind).toBe('superseded');
  });

  it('has a tensor pack remade once', async () => {
    const spec = aJobSpec();
    await submit(spec);
    for (const expected of [1, 'exhausted']) {
      await run(spec, 'preprocess', 'p');
      await ledger.advance(spec, 'p', { pack, progress: {}, seconds: 1 });
      await run(spec, 'infer', 'i');
      expect(await ledger.remake(spec, 'i')).toBe(expected);
    }
  });

  it('pages 25 jobs of one millisecond without gap or repeat', async () => {
    const createdAtMs = Date.now();
    const specs = Array.from({ length: 25 }, () => aJobSpec({ createdAtMs }));
    for (const spec of specs) await submit(spec);
    const seen: string[] = [];
    let position: { id: string; createdAtMs: number } | undefined;
    for (;;) {
      const rows = await ledger.page('local', position, 10);
      if (rows.length === 0) break;
      position = rows[Math.min(9, rows.length - 1)];
      seen.push(...rows.slice(0, 10).map(({ id }) => id));
    }
    expect([...seen].sort()).toEqual(specs.map(({ id }) => id).sort());
  });

  it('costs Redis under 4 KiB for a waiting job', async () => {
    const spec = aJobSpec();
    await submit(spec);
    const bytes = Number(await redis.memory('USAGE', ledgerKeys.job(spec.id)));
    expect(bytes).toBeLessThan(4096);
  });

  it('lets an attempt that lost its job neither end it nor send it back', async () => {
    const spec = aJobSpec();
    await submit(spec);
    await run(spec, 'preprocess', 'p');
    await ledger.advance(spec, 'p', { pack, progress: {}, seconds: 1 });
    await run(spec, 'infer', 'zombie');
    await ledger.begin(spec.id, 'infer', 'successor', true);
    expect(await ledger.remake(spec, 'zombie')).toBe('superseded');
    expect(await end(spec, 'succeeded', 'zombie')).toBe(false);
    expect(await end(spec, 'succeeded', 'successor')).toBe(true);
  });

  it('tells an error reply from a job that does not exist', async () => {
    const spec = aJobSpec();
    await redis.set(ledgerKeys.job(spec.id), 'not a hash');
    await expect(ledger.readMany([spec.id])).rejects.toMatchObject({ code: 'dependency_unavailable' });
  });

  it('reserves an idempotency key for one of two callers, who alone can give it back', async () => {
    expect(await ledger.reserveIdempotency('k', 'a', 60)).toBe('');
    expect(await ledger.reserveIdempotency('k', 'b', 60)).toBe('pending:a');
    expect(await ledger.renewIdempotency('k', 'b', 0)).toBe(0);
    expect(await ledger.renewIdempotency('k', 'a', 0)).toBe(1);
    expect(await ledger.reserveIdempotency('k', 'b', 60)).toBe('');
  });

  it('makes no job for a key that was reserved by another meanwhile', async () => {
    await ledger.reserveIdempotency('k', 'b', 60);
    const idempotency = { key: 'k', token: 'a', value: '{}', ttlSeconds: 60 };
    const spec = aJobSpec();
    await expect(ledger.submit(spec, { maxLive: 9, idempotency })).rejects.toMatchObject({
      code: 'idempotency_in_progress',
    });
    expect(await ledger.read(spec.id)).toBeNull();
  });

  it('keeps a fleeting job out of lists and the archive, and drops it whole at whatever point it is', async () => {
    const spec = aJobSpec({ fleeting: true });
    await submit(spec);
    expect(await ledger.page(spec.tenant, undefined, 10)).toEqual([]);
    await run(spec, 'preprocess');
    await ledger.advance(spec, 't', { pack, progress: {}, seconds: 3 });
    expect(await ledger.drop(spec)).toBe(1);
    expect((await ledger.begin(spec.id, 'infer', 'u', false)).kind).toBe('missing');
    const left = await redis.keys('timbre:*');
    expect(left.sort()).toEqual([ledgerKeys.backlogJobs, ledgerKeys.backlogMs].sort());
    expect([...(await ledger.backlog()).values()].every(({ jobs }) => jobs === 0)).toBe(true);

    const ended = aJobSpec({ fleeting: true });
    await submit(ended);
    expect(await end(ended, 'canceled')).toBe(true);
    expect(await redis.zcard(ledgerKeys.archive)).toBe(0);
    expect(await ledger.drop(ended)).toBe(1);
    expect(await ledger.read(ended.id)).toBeNull();
  });

  it('drops no job that is not fleeting', async () => {
    const spec = aJobSpec();
    await submit(spec);
    expect(await ledger.drop(spec)).toBe(0);
    expect((await ledger.read(spec.id))?.state).toBe('queued');
  });
});
