import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failedItem } from '@timbre/shared/batch/item-results';
import { encodeSlicePack } from '@timbre/shared/batch/slice-pack';
import type { BatchItem } from '@timbre/shared/contracts/batch';
import { AppError } from '@timbre/shared/errors';
import { slicePackKey } from '@timbre/shared/storage/batch-keys';
import { createFileStore } from '@timbre/shared/storage/file-store';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { encodeTensorPack } from '@timbre/shared/tensor-pack';
import { aBatchSpec } from '@timbre/shared/testing/batch-spec';
import { keptTensors } from './kept-tensors.js';

const root = aBatchSpec();
const spec = aBatchSpec({ id: `b${'0'.repeat(31)}9`, source: { kind: 'batch', batchId: root.id } });
const itemsUpTo = (count: number): BatchItem[] =>
  Array.from({ length: count }, (_, index) => ({ index, path: `${index}.wav` }));
let folder: string;
let store: ObjectStore;

const pack = encodeTensorPack({
  facts: {
    packVersion: 1,
    featureDigest: spec.featureDigest,
    clipSha256: 'x',
    clip: { format: 'wav', codec: 'pcm_s16le', sampleRateHz: 16_000, channels: 1, durationSeconds: 2, decoder: 'x' },
    quality: { peakDbfs: 0, rmsDbfs: 0, clippedRatio: 0, silentRatio: 0, noiseFloorDbfs: 0 },
    warnings: [],
  },
  shape: [1, 2],
  windows: new Float32Array(2),
  offsets: new Float64Array(2),
  rmsDbfs: new Float32Array(1),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timbre-kept-'));
  store = createFileStore({ root: folder });
  const [first, second, third] = itemsUpTo(3);
  const done = [failedItem(third!, new AppError('audio_corrupt'), 1)];
  const clips = [first!, second!].map((item) => ({ item, bytes: 10, pack }));
  await store.put(slicePackKey(root, 0, spec.featureDigest), encodeSlicePack({ clips, done }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ask = (items: readonly BatchItem[]) => keptTensors(store, { spec: root }, { slice: 0, spec, items });

describe('tensors that another batch has left', () => {
  it('are taken for a slice of the same 3 clips, one of which could not be decoded', async () => {
    const { reusable, seconds } = await ask(itemsUpTo(3));
    expect(reusable).toMatchObject({ key: slicePackKey(root, 0, spec.featureDigest), windows: 2 });
    expect(seconds).toBe(4);
  });

  it('are left where this slice was cut shorter: a clip too many would be counted twice', async () => {
    expect(await ask(itemsUpTo(2))).toEqual({ reusable: undefined, seconds: 0 });
  });

  it('are left where this slice has a clip more', async () => {
    expect(await ask(itemsUpTo(4))).toEqual({ reusable: undefined, seconds: 0 });
  });

  it('are left where there are none', async () => {
    await expect(keptTensors(store, { spec: root }, { slice: 1, spec, items: itemsUpTo(3) })).resolves.toEqual({
      reusable: undefined,
      seconds: 0,
    });
  });
});
