import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModelCatalog, type ModelCatalog } from '@timbre/shared/models/model-catalog';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics, type Metrics } from '@timbre/shared/observability/metrics';
import { createFakeClock, type FakeClock } from '../batching/testing/fake-clock.js';
import { createInferencePool, type InferencePool } from './inference-pool.js';
import { createModelHost, type ModelHost } from './model-host.js';
import { linearAnswer, linearGraph, rootGraph, tinyModel, type TinyModel } from './testing/tiny-models.js';

const log = createLogger({ service: 'test', level: 'silent' });
const minuteMs = 60_000;

let root: string;
let catalog: ModelCatalog;
let pool: InferencePool;
let metrics: Metrics;
let clock: FakeClock;
let host: ModelHost;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'timbre-host-'));
  catalog = createModelCatalog({ url: root, log });
  pool = createInferencePool({ threads: 1, intraOpThreads: 1, executionProviders: ['cpu'], log });
  metrics = createMetrics('test');
  clock = createFakeClock();
  host = createModelHost({
    ...{ catalog, pool, metrics, log, clock, reservedInteractiveSlots: 0, pollMs: 5000 },
    batching: { maxRows: 8, maxWaitMs: { interactive: 0, bulk: 5 }, maxQueuedRows: 64, mixLanes: true },
  });
});
afterEach(async () => {
  await host.close();
  await pool.close();
  await rm(root, { recursive: true });
});

async function write({ onnx, card }: TinyModel): Promise<string> {
  const folder = join(root, card.id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), onnx);
  await writeFile(join(folder, 'model.json'), JSON.stringify(card));
  return card.id;
}

/** A version of model `m` whose answers are `gain` times as large. */
const version = (gain: number) => tinyModel('m', linearGraph(3, gain), { version: String(gain) });
/** A card that fits a graph, and a graph that does not fit the card. */
const broken = () => tinyModel('m', linearGraph(2), { version: 'broken' });
const digestOf = (id = 'm') => catalog.get(id)!.modelDigest;
const loadedSeries = async () =>
  (await metrics.modelLoaded.get()).values.map(({ labels, value }) => [labels.model, labels.provider, value]);
const failures = async () =>
  (await metrics.modelLoadFailures.get()).values.map(({ labels, value }) => [labels.model, value]);

async function answerOf(digest: string, window = [1, 2, 3, 4]): Promise<number[] | undefined> {
  const answer = await host.get('m', digest)?.infer(Float32Array.from(window), 1, { lane: 'interactive' });
  return answer && [...answer];
}

describe('model host', () => {
  it('is not ready without a model, and says why', async () => {
    expect(host.notReady()).toBe('loading models');
    await host.start();
    expect(host.notReady()).toBe('no model serves');
    await write(broken());
    await host.refresh();
    expect(host.notReady()).toMatch(/^no model serves; m: output "y" has rows of \[2\], the card of \[3\]/);
  });

  it('serves what it finds at start, warmed up, with its provider in result and metric', async () => {
    await write(version(1));
    await host.start();
    await host.whenReady();
    expect(host.notReady()).toBeUndefined();
    const model = host.get('m', digestOf())!;
    expect(model).toMatchObject({ provider: 'cpu', modelDigest: digestOf(), card: { version: '1' } });
    expect(await answerOf(digestOf())).toEqual(linearAnswer([1, 2, 3, 4]));
    expect(await loadedSeries()).toEqual([['m', 'cpu', 1]]);
    const { values } = await metrics.batchReleases.get();
    expect(values).toMatchObject([{ labels: { model: 'm', reason: 'immediate' }, value: 1 }]);
  });

  it('becomes ready when a model arrives, without restart', async () => {
    await host.start();
    const ready = host.whenReady();
    await write(version(1));
    clock.advance(5000);
    await ready;
    expect(await answerOf(digestOf())).toEqual(linearAnswer([1, 2, 3, 4]));
  });

  it('switches to a new version and serves the old one for 10 more minutes', async () => {
    await write(version(1));
    await host.start();
    const old = digestOf();
    await write(version(2));
    await host.refresh();
    expect(digestOf()).not.toBe(old);
    expect(await answerOf(digestOf())).toEqual(linearAnswer([1, 2, 3, 4], 3, 2));
    clock.advance(10 * minuteMs - 1);
    expect(await answerOf(old)).toEqual(linearAnswer([1, 2, 3, 4], 3, 1));
    clock.advance(1);
    expect(await answerOf(old)).toBeUndefined();
    expect(await answerOf(digestOf())).toEqual(linearAnswer([1, 2, 3, 4], 3, 2));
  });

  it('goes back to an old version that returns while it retires, or right after', async () => {
    await write(version(1));
    await host.start();
    const first = digestOf();
    for (const waitMs of [minuteMs, 11 * minuteMs]) {
      await write(version(2));
      await host.refresh();
      clock.advance(waitMs);
      await write(version(1));
      await host.refresh();
      clock.advance(60 * minuteMs);
      expect(await answerOf(first)).toEqual(linearAnswer([1, 2, 3, 4]));
    }
    expect(await loadedSeries()).toEqual([['m', 'cpu', 1]]);
  });

  it('loads a version that returns only after its unloading is over', async () => {
    let finishUnloading: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (finishUnloading = resolve));
    const unload = pool.unload.bind(pool);
    pool.unload = (digest) => held.then(() => unload(digest));
    await write(version(1));
    await host.start();
    const first = digestOf();
    await write(version(2));
    await host.refresh();
    clock.advance(10 * minuteMs);
    await write(version(1));
    const returned = host.refresh();
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    finishUnloading();
    await returned;
    expect(await answerOf(first)).toEqual(linearAnswer([1, 2, 3, 4]));
  });

  it('keeps the old version serving when the new one does not fit its card (F28)', async () => {
    await write(version(1));
    await host.start();
    const old = digestOf();
    await write(broken());
    await host.refresh();
    expect(digestOf()).not.toBe(old);
    expect(host.get('m', digestOf())).toBeUndefined();
    clock.advance(60 * minuteMs);
    await host.refresh();
    expect(await answerOf(old)).toEqual(linearAnswer([1, 2, 3, 4]));
    expect(host.notReady()).toBeUndefined();
    expect(host.problems()).toMatchObject([{ id: 'm', reason: expect.stringContaining('rows of [2]') }]);
    expect(await loadedSeries()).toEqual([['m', 'cpu', 1]]);
    expect(await failures()).toEqual([['m', 1]]);
    await write(version(3));
    await host.refresh();
    expect(host.problems()).toEqual([]);
    expect(await answerOf(digestOf())).toEqual(linearAnswer([1, 2, 3, 4], 3, 3));
  });

  it.each([
    ['a swapped ONNX file', async (folder: string) => writeFile(join(folder, 'model.onnx'), 'other bytes')],
    ['a card that is no JSON', async (folder: string) => writeFile(join(folder, 'model.json'), '{')],
    ['a missing ONNX file', async (folder: string) => rm(join(folder, 'model.onnx'))],
  ])('keeps the old version serving after %s (F28)', async (_what, damage) => {
    await write(version(1));
    await host.start();
    await damage(join(root, 'm'));
    await host.refresh();
    clock.advance(60 * minuteMs);
    expect(await answerOf(digestOf())).toEqual(linearAnswer([1, 2, 3, 4]));
    expect(host.problems()).toHaveLength(1);
    expect(await failures()).toEqual([['m', 1]]);
  });

  it('shows 0 for a model that never loaded, and serves the good one beside it', async () => {
    await write(broken());
    await write(tinyModel('good', rootGraph()));
    await host.start();
    expect(host.notReady()).toBeUndefined();
    expect(await loadedSeries()).toEqual([
      ['good', 'cpu', 1],
      ['m', 'none', 0],
    ]);
  });

  it('withdraws a removed model: no longer ready, jobs in flight still served', async () => {
    await write(version(1));
    await host.start();
    const digest = digestOf();
    await rm(join(root, 'm'), { recursive: true });
    await host.refresh();
    expect(host.notReady()).toBe('no model serves');
    expect(await answerOf(digest)).toEqual(linearAnswer([1, 2, 3, 4]));
    expect(await loadedSeries()).toEqual([]);
  });

  it('looks for new models when asked for one it does not have, at most once a second', async () => {
    await host.start();
    await write(version(1));
    expect(host.get('m', 'sha256:new')).toBeUndefined();
    expect(catalog.list()).toEqual([]);
    clock.advance(1000);
    expect(host.get('m', 'sha256:new')).toBeUndefined();
    await host.refresh();
    expect(host.get('m', digestOf())).toBeDefined();
  });

  it('fails only the clip whose answer is NaN (F27), bit-equal to single runs', async () => {
    await write(tinyModel('m', rootGraph()));
    await host.start();
    const model = host.get('m', digestOf())!;
    const windows = [
      [1, 2, 3, 4],
      [-1, 2, 3, 4],
      [NaN, 0, 0, 0],
      [5, 6, 7, 8],
    ];
    const batched = windows.map((window) => model.infer(Float32Array.from(window), 1, { lane: 'bulk' }));
    clock.advance(5);
    const results = await Promise.allSettled(batched);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    for (const index of [1, 2]) expect(results[index]).toMatchObject({ reason: { code: 'inference_nonfinite' } });
    for (const index of [0, 3])
      expect(results[index]).toEqual({
        status: 'fulfilled',
        value: await model.infer(Float32Array.from(windows[index]!), 1, { lane: 'interactive' }),
      });
  });

  it('does not mix lanes on the cpu, whatever was asked for', async () => {
    await write(version(1));
    await host.start();
    const model = host.get('m', digestOf())!;
    let bulkDone = false;
    const bulk = model.infer(Float32Array.of(1, 2, 3, 4), 1, { lane: 'bulk' }).then(() => (bulkDone = true));
    await model.infer(Float32Array.of(1, 2, 3, 4), 1, { lane: 'interactive' });
    expect(bulkDone).toBe(false);
    clock.advance(5);
    await bulk;
  });

  it('finishes what waits on close and takes nothing new', async () => {
    await write(version(1));
    await host.start();
    const model = host.get('m', digestOf())!;
    const waiting = model.infer(Float32Array.of(1, 2, 3, 4), 1, { lane: 'bulk' });
    await host.close();
    expect([...(await waiting)]).toEqual(linearAnswer([1, 2, 3, 4]));
    await expect(answerOf(digestOf())).rejects.toMatchObject({ code: 'shutting_down' });
    expect(host.notReady()).toBe('closed');
    expect(clock.timers).toBe(0);
  });
});
