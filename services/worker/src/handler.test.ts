import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jobResultSchema, jobSpecSchema, type Lane } from '@timbre/shared/contracts/job';
import type { PackReference } from '@timbre/shared/contracts/pipeline';
import { digestOf } from '@timbre/shared/digest';
import { modelDigestOf } from '@timbre/shared/models/model-catalog';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics, type Metrics } from '@timbre/shared/observability/metrics';
import type { JobRecord } from '@timbre/shared/queue/job-record';
import type { StageHandler } from '@timbre/shared/queue/stage-runner';
import { createFileStore } from '@timbre/shared/storage/file-store';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { encodeTensorPack, type PackFacts } from '@timbre/shared/tensor-pack';
import { systemClock } from './batching/clock.js';
import { createRowBudget, type RowBudget } from './batching/row-budget.js';
import { createSlots } from './batching/slots.js';
import { createInferHandler } from './handler.js';
import { createInferencePool, type InferencePool } from './inference/inference-pool.js';
import { createVersion, type ServingModel } from './inference/serving-model.js';
import { rootGraph, tinyModel } from './inference/testing/tiny-models.js';

const log = createLogger({ service: 'test', level: 'silent' });
const { onnx, card } = tinyModel('m', rootGraph());
const modelDigest = modelDigestOf(card);
const featureDigest = digestOf(card.features);
const clipSha256 = 'c'.repeat(64);
const key = 'tensors/t/pack';

let pool: InferencePool;
let root: string;
let store: ObjectStore;
let metrics: Metrics;
let model: ServingModel;
let budget: RowBudget;
let handle: StageHandler;

beforeAll(async () => {
  pool = createInferencePool({ threads: 1, intraOpThreads: 1, executionProviders: ['cpu'], log });
  await pool.load(modelDigest, onnx, card);
});
afterAll(() => pool.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'timbre-infer-'));
  store = createFileStore({ root });
  metrics = createMetrics('test');
  budget = createRowBudget(16);
  model = createVersion({ card, modelDigest, featureDigest, location: '' }, 'cpu', {
    ...{ pool, metrics },
    batching: {
      ...{ maxRows: 8, maxWaitMs: { interactive: 0, bulk: 5 }, maxQueuedRows: 64, mixLanes: false },
      ...{ slots: createSlots({ total: 1, reservedInteractive: 0 }), clock: systemClock },
    },
  });
  const get = (id: string, digest: string) => (id === 'm' && digest === modelDigest ? model : undefined);
  const standIn = (id: string, digest: string) => (id === 'm' && digest === featureDigest ? model : undefined);
  const reserve = (rows: number, lane: Lane, signal: AbortSignal) => budget.take(rows, lane, signal);
  handle = createInferHandler({ store, metrics, models: { get, standIn, reserve }, now: () => 5000 });
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

const quality = { peakDbfs: -3, rmsDbfs: -20, clippedRatio: 0, silentRatio: 0, noiseFloorDbfs: -70 };

async function putPack(windows: number[][], facts: Partial<PackFacts> = {}, width = 4): Promise<PackReference> {
  const bytes = encodeTensorPack({
    facts: {
      packVersion: 1,
      featureDigest,
      clipSha256,
      clip: {
        format: 'wav',
        codec: 'pcm',
        sampleRateHz: 4000,
        channels: 1,
        durationSeconds: windows.length,
        decoder: 'd',
      },
      quality,
      warnings: ['a warning'],
      ...facts,
    },
    shape: [windows.length, width],
    windows: Float32Array.from(windows.flat()),
    offsets: Float64Array.from(windows.flatMap((_, index) => [index, index + 1])),
    rmsDbfs: new Float32Array(windows.length).fill(-20),
  });
  const stored = await store.put(key, bytes);
  return { key, bytes: stored.bytes, sha256: stored.sha256, windows: windows.length };
}

function recordOf(changes: Record<string, unknown> = {}): JobRecord {
  const spec = jobSpecSchema.parse({
    ...{ v: 1, id: `j${'0'.repeat(32)}`, tenant: 't', lane: 'interactive', model: 'm', modelDigest, featureDigest },
    ...{
      features: card.features,
      name: 'clip',
      source: { key: 'k' },
      createdAtMs: 0,
      deadlineAtMs: 1e12,
      expiresAtMs: 1e12,
    },
    ...{ estimatedSeconds: 1, uploadSeconds: 0, traceparent: '', ...changes },
  });
  const progress = { packedAtMs: 3000, clip: { sha256: clipSha256 } };
  return {
    ...{ spec, progress, state: 'inferring', stage: 'infer', generation: 0, deaths: 0, retries: 0 },
    ...{ startedAtMs: 0, view: undefined },
  };
}

const live = () => new AbortController().signal;
const inferred = (pack: PackReference | undefined, record = recordOf(), signal = live()) =>
  handle({ record, pack, log }, signal);
const observations = async (stage: string) => {
  const { values } = await metrics.stageSeconds.get();
  return values.find(({ metricName, labels }) => metricName?.endsWith('_count') && labels.stage === stage)?.value;
};

describe('infer handler', () => {
  it('turns a pack of 20 windows into a finished job with timings, provider and audio seconds', async () => {
    const pack = await putPack(Array.from({ length: 20 }, () => [1, 4, 9, 16]));
    const output = await inferred(pack);
    if (output.kind !== 'finish') throw new Error(`ended with ${output.kind}`);
    expect(jobResultSchema.safeParse(output.result).error).toBeUndefined();
    // Logits 10, 11, 12: softmax of the last is 1 / (1 + e^-1 + e^-2).
    expect(output.result).toMatchObject({
      decision: 'label',
      label: 'high',
      confidence: expect.closeTo(0.6652, 4),
      segments: [{ startSeconds: 0, endSeconds: 20, label: 'high' }],
      warnings: ['a warning'],
    });
    expect(output).toMatchObject({ provider: 'cpu', audioSeconds: 20 });
    expect(output.timings.inferWaitSeconds).toBeGreaterThan(2);
    expect(output.timings.inferWaitSeconds).toBeLessThan(3);
    expect(output.timings.inferSeconds).toBeGreaterThan(0);
    for (const stage of ['storeGet', 'inferWait', 'infer']) expect(await observations(stage)).toBe(1);
  });

  it('counts no negative wait when the other machine is ahead', async () => {
    const record = { ...recordOf(), progress: { packedAtMs: 9000 } };
    const output = await inferred(await putPack([[1, 1, 1, 1]]), record);
    if (output.kind !== 'finish') throw new Error(`ended with ${output.kind}`);
    expect(output.timings.inferWaitSeconds).toBeGreaterThanOrEqual(0);
    expect(output.timings.inferWaitSeconds).toBeLessThan(1);
  });

  it('throws model_unavailable for a version that is not loaded', async () => {
    const pack = await putPack([[1, 1, 1, 1]]);
    await expect(inferred(pack, recordOf({ modelDigest: 'sha256:other' }))).rejects.toMatchObject({
      code: 'model_unavailable',
      retryable: true,
      details: { model: 'm' },
    });
  });

  it('fails a clip whose scores are NaN with inference_nonfinite and serves the next', async () => {
    await expect(inferred(await putPack([[-1, 1, 1, 1]]))).rejects.toMatchObject({ code: 'inference_nonfinite' });
    expect(await inferred(await putPack([[1, 1, 1, 1]]))).toMatchObject({ kind: 'finish' });
  });

  it('rejects with the reason of an abort and gives its rows back', async () => {
    const pack = await putPack(Array.from({ length: 16 }, () => [1, 1, 1, 1]));
    const canceled = AbortSignal.abort(new Error('canceled'));
    await expect(inferred(pack, recordOf(), canceled)).rejects.toThrow('canceled');
    expect(await inferred(pack)).toMatchObject({ kind: 'finish' });
  });

  it('waits with reading until the process has room for the rows', async () => {
    const pack = await putPack(Array.from({ length: 4 }, () => [1, 1, 1, 1]));
    const giveBack = await budget.take(13, 'interactive');
    let finished = false;
    const output = inferred(pack).then((result) => ((finished = true), result));
    await rm(join(root, key), { force: true });
    await putPack(Array.from({ length: 4 }, () => [1, 1, 1, 1]));
    expect(finished).toBe(false);
    giveBack();
    expect(await output).toMatchObject({ kind: 'finish' });
  });
});

describe('damaged packs (F26)', () => {
  const remade = (code: string) => ({ kind: 'remake', cause: { code } });

  it.each([
    ['another feature spec', { featureDigest: 'sha256:foreign' }, 'another features'],
    ['another clip', { clipSha256: 'd'.repeat(64) }, 'another clip'],
  ])('has a pack of %s made again', async (_what, facts, reason) => {
    const output = await inferred(await putPack([[1, 1, 1, 1]], facts));
    expect(output).toMatchObject(remade('tensor_corrupt'));
    expect(output).toMatchObject({ cause: { message: expect.stringContaining(reason) } });
  });

  it('has a pack of another shape or count of windows made again', async () => {
    expect(await inferred(await putPack([[1, 1, 1]], {}, 3))).toMatchObject(remade('tensor_corrupt'));
    const pack = await putPack([[1, 1, 1, 1]]);
    expect(await inferred({ ...pack, windows: 2 })).toMatchObject(remade('tensor_corrupt'));
  });

  it('has a pack made again that is not a pack at all', async () => {
    const bytes = Buffer.from('no tensors here');
    const { sha256 } = await store.put(key, bytes);
    expect(await inferred({ key, bytes: bytes.length, sha256, windows: 1 })).toMatchObject(remade('tensor_corrupt'));
  });

  it('has a pack made again that no longer matches its checksum', async () => {
    const pack = await putPack([[1, 1, 1, 1]]);
    const stored = await readFile(join(root, key));
    stored[stored.length - 1]! ^= 1;
    await writeFile(join(root, key), stored);
    expect(await inferred(pack)).toMatchObject(remade('storage_corrupt'));
  });

  it('has a pack made again whichever byte of its prefix or data changed before it was stored', async () => {
    await putPack([[1, 4, 9, 16]]);
    const good = await readFile(join(root, key));
    const headerLength = Number(good.readBigUInt64LE(0));
    // Prefix and data; the checksum inside does not cover the header's text.
    const places = [
      ...Array(8).keys(),
      ...Array.from({ length: good.length - 8 - headerLength }, (_, at) => 8 + headerLength + at),
    ];
    for (const place of places) {
      const bad = Buffer.from(good);
      bad[place]! ^= 0x10;
      await writeFile(join(root, key), bad);
      const sha256 = createHash('sha256').update(bad).digest('hex');
      expect(await inferred({ key, bytes: bad.length, sha256, windows: 1 })).toMatchObject({ kind: 'remake' });
    }
  });

  it('has a missing pack made again', async () => {
    const quick = Object.assign(Object.create(store) as ObjectStore, {
      readAll: (name: string) => store.readAll(name),
    });
    handle = createInferHandler({
      store: quick,
      metrics,
      models: { get: () => model, standIn: () => undefined, reserve: async () => () => undefined },
    });
    const pack = { key: 'tensors/t/none', bytes: 1, sha256: 'x', windows: 1 };
    expect(await inferred(pack)).toMatchObject(remade('object_missing'));
    expect(await inferred(undefined)).toMatchObject(remade('object_missing'));
  });

  it('does not take an outage of the store for damage', async () => {
    const pack = await putPack([[1, 1, 1, 1]]);
    await store.close();
    const down = Object.assign(Object.create(store) as ObjectStore, {
      readAll: () => Promise.reject(new Error('connection refused')),
    });
    handle = createInferHandler({
      store: down,
      metrics,
      models: { get: () => model, standIn: () => undefined, reserve: async () => () => undefined },
    });
    await expect(inferred(pack)).rejects.toThrow('connection refused');
  });
});
