import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { AppError } from '../errors.js';
import { queueFor } from '../contracts/pipeline.js';
import { createMetrics } from '../observability/metrics.js';
import { createRedis } from '../queue/redis-connection.js';
import { createCancelBus, type CancelBus } from '../queue/cancel-bus.js';
import { RetryTask } from '../queue/stage-runner.js';
import { aBatchSpec } from '../testing/batch-spec.js';
import { resultsOf, startBatchFixture, type BatchFixture } from '../testing/batch-fixture.js';
import { batchRedisKeys } from './batch-redis-keys.js';
import { readSliceResults } from './batch-objects.js';
import { createSliceRunner, type SliceHandler } from './slice-runner.js';

let system: BatchFixture;
let cancels: CancelBus;
let subscriber: ReturnType<typeof createRedis>;
const log = pino({ level: 'silent' });
const metrics = createMetrics('test');
const spec = aBatchSpec();
const { id } = spec;

beforeAll(async () => {
  system = await startBatchFixture();
  const { port } = system.redis.options;
  subscriber = createRedis(`redis://127.0.0.1:${port}`, 'subscriber', log);
  cancels = await createCancelBus(subscriber);
});
afterAll(async () => {
  subscriber.disconnect();
  await system.stop();
});
beforeEach(async () => {
  await system.clear();
  await system.accept(spec);
  await system.addShard(spec, [3, 3]);
  await system.batches.expanded(id);
  await system.batches.feed(id, 2);
});

const runnerOf = (handler: SliceHandler, store = system.store) =>
  createSliceRunner('preprocess', handler, { ...system, store, cancels, metrics, log, now: () => system.clock.now });
const whole: SliceHandler = ({ task }) =>
  Promise.resolve({ kind: 'finish', results: resultsOf(task), audioSeconds: 6, clips: 3 });
const failing =
  (error: AppError): SliceHandler =>
  () =>
    Promise.reject(error);
const entryOf = async (slice: number) =>
  JSON.parse((await system.redis.hget(batchRedisKeys.inFlight(id), String(slice))) ?? 'null') as {
    t?: string;
    f: number;
    d: number;
  } | null;
const read = async () => (await system.batches.read(id)) ?? expect.fail('no such batch');

describe('an attempt at a slice', () => {
  it('makes its results true', async () => {
    expect(await runnerOf(whole)(await system.task(spec, 0), false)).toBe('succeeded');
    expect(await read()).toMatchObject({ succeeded: 3, running: 0 });
    expect(await runnerOf(whole)(await system.task(spec, 0), false)).toBe('superseded');
    expect(await read()).toMatchObject({ succeeded: 3 });
  });

  it('never takes results for more, fewer or other clips than the slice has', async () => {
    const task = await system.task(spec, 0);
    const next = await system.task(spec, 1);
    for (const results of [[...resultsOf(task), ...resultsOf(next)], resultsOf(task).slice(1), resultsOf(next)]) {
      const wrong: SliceHandler = () => Promise.resolve({ kind: 'finish', results, audioSeconds: 6, clips: 3 });
      await expect(runnerOf(wrong)(task, false)).rejects.toBeInstanceOf(RetryTask);
    }
    expect(await read()).toMatchObject({ succeeded: 0, failed: 0 });
  });

  it('is repeated without end while storage is away, and is not counted', async () => {
    const run = runnerOf(failing(new AppError('dependency_unavailable')));
    for (let times = 0; times < 7; times++)
      await expect(run(await system.task(spec, 0), false)).rejects.toBeInstanceOf(RetryTask);
    expect(await entryOf(0)).toMatchObject({ f: 0, d: 0 });
  });

  it('fails each clip of the slice after 5 failures of its own', async () => {
    const run = runnerOf(failing(new AppError('internal')));
    const task = await system.task(spec, 0);
    for (let times = 1; times < 5; times++) await expect(run(task, false)).rejects.toBeInstanceOf(RetryTask);
    expect(await run(task, false)).toBe('succeeded');
    expect(await read()).toMatchObject({ failed: 3, failuresByCode: { internal: 3 } });
  });

  it('gives the slice back when even the failure cannot be stored, so that it does not pass for a death', async () => {
    const store = { ...system.store, put: () => Promise.reject(new AppError('dependency_unavailable')) };
    const run = runnerOf(failing(new AppError('resource_limit')), store);
    await expect(run(await system.task(spec, 0), false)).rejects.toBeInstanceOf(RetryTask);
    expect((await entryOf(0))?.t).toBeUndefined();
    expect(await runnerOf(whole)(await system.task(spec, 0), false)).toBe('succeeded');
  });

  it('leaves it to the keeper to expire what is past its deadline: no clip fails for it', async () => {
    const waits: SliceHandler = (_input, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const task = await system.task(spec, 0);
    system.clock.now = spec.deadlineAtMs + 1000;
    await expect(runnerOf(waits)(task, false)).rejects.toBeInstanceOf(RetryTask);
    expect(await read()).toMatchObject({ failed: 0, state: 'running' });
    await system.batches.cancel(id, 'expired');
    expect((await read()).state).toBe('expired');
  });

  it('has the time of the retry, though the deadline of the batch has passed', async () => {
    await system.finish(spec, 1);
    await system.finish(spec, 0, 1);
    system.clock.now = spec.deadlineAtMs + 1000;
    await system.batches.retryFailed(id, system.clock.now + 60_000);
    await system.batches.feed(id, 1);
    expect(await runnerOf(whole)(await system.task(spec, 0), false)).toBe('succeeded');
    expect(await read()).toMatchObject({ state: 'succeeded', succeeded: 6, failed: 0 });
  });

  it('ends as canceled once its batch is, and gives its place back', async () => {
    await system.finish(spec, 1);
    const task = await system.task(spec, 0);
    let begun: () => void = () => undefined;
    const atWork = new Promise<void>((resolve) => (begun = resolve));
    const outcome = runnerOf((_input, signal) => {
      begun();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    })(task, false);
    await atWork;
    await system.batches.cancel(id, 'canceled');
    expect(await outcome).toBe('ended_elsewhere');
    expect(await read()).toMatchObject({ state: 'canceled', succeeded: 3, inFlight: 0 });
  });

  it('sends a slice whose process died to quarantine under its generation, and fails it whole after 8 deaths without a culprit', async () => {
    const task = await system.task(spec, 0);
    await system.batches.begin(task, 'dead-0', false);
    expect(await runnerOf(whole)(task, false)).toBe('quarantine');
    expect(await system.redis.llen(`bull:${queueFor('preprocess', 'quarantine')}:wait`)).toBe(1);
    for (let death = 1; death < 8; death++) await system.batches.begin(task, `dead-${death}`, true);
    await system.batches.begin(task, 'dead-8', true);
    expect(await runnerOf(whole)(task, true)).toBe('succeeded');
    expect(await read()).toMatchObject({ failed: 3, failuresByCode: { item_quarantined: 3 } });
    const items = await readSliceResults(system.store, spec, 0, (await system.batches.resultToken(id, 0)) ?? '');
    expect(items.map(({ path }) => path)).toEqual(['0.wav', '1.wav', '2.wav']);
  });
});
