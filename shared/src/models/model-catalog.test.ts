import { mkdtemp, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelCard } from '../contracts/model-card.js';
import { sha256Hex } from '../digest.js';
import { createLogger } from '../observability/logger.js';
import { createFileStore } from '../storage/file-store.js';
import type { ObjectStore } from '../storage/object-store.js';
import { createModelCatalog, modelDigestOf, type ModelCatalog } from './model-catalog.js';

const log = createLogger({ service: 'test', level: 'silent' });
const onnx = (text: string) => Buffer.from(`onnx ${text}`);

function cardOf(id: string, changes: Partial<Record<keyof ModelCard, unknown>> = {}): Record<string, unknown> {
  return {
    id,
    version: '1',
    title: 'A model',
    labels: ['low', 'high'],
    features: {
      version: 1,
      sampleRateHz: 8000,
      crop: { kind: 'head', seconds: 1 },
      transform: { kind: 'waveform' },
    },
    input: { name: 'x', dims: [null, 8000] },
    output: { name: 'y', kind: 'logits' },
    thresholds: { unknown: 0.5 },
    silenceGate: { rmsDbfs: -60 },
    onnxSha256: sha256Hex(onnx(id)),
    licence: 'MIT',
    ...changes,
  };
}

let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'timbre-models-'))));
afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true });
});

async function writeModel(id: string, card: unknown = cardOf(id), bytes: Buffer = onnx(id)): Promise<void> {
  await mkdir(join(root, id), { recursive: true });
  await writeFile(join(root, id, 'model.onnx'), bytes);
  await writeFile(join(root, id, 'model.json'), typeof card === 'string' ? card : JSON.stringify(card));
}

const ids = (catalog: ModelCatalog) => catalog.list().map(({ card }) => card.id);
const folderCatalog = () => createModelCatalog({ url: root, log });

describe('model catalog over a folder', () => {
  it('lists good folders by id, with digests, defaults filled in and their location', async () => {
    await writeModel('b-model');
    await writeModel('a-model');
    await writeFile(join(root, 'README.md'), 'not a model');
    await mkdir(join(root, 'empty'));
    const catalog = folderCatalog();
    expect((await catalog.refresh()).map(({ kind, id }) => `${kind} ${id}`)).toEqual(['added a-model', 'added b-model']);
    expect(ids(catalog)).toEqual(['a-model', 'b-model']);
    const loaded = catalog.get('a-model')!;
    expect(loaded.card.temperature).toBe(1);
    expect(loaded.card.segments).toEqual({ smoothingWindows: 1, mergeGapSeconds: 0 });
    expect(loaded.location).toBe(join(root, 'a-model'));
    expect(loaded.modelDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(loaded.featureDigest).toBe(catalog.get('b-model')!.featureDigest);
    expect(loaded.modelDigest).not.toBe(catalog.get('b-model')!.modelDigest);
    expect(catalog.problems()).toEqual([]);
    expect(Buffer.from(await catalog.readOnnx('a-model'))).toEqual(onnx('a-model'));
  });

  it.each([
    ['a folder named otherwise', cardOf('other'), onnx('x'), /the card says id "other"/],
    ['text that is no JSON', '{', onnx('x'), /is not JSON/],
    ['a card with 1 label', cardOf('x', { labels: ['one'] }), onnx('x'), /labels: /],
    ['a label named unknown', cardOf('x', { labels: ['a', 'unknown'] }), onnx('x'), /is a decision, not a label/],
    ['an ONNX file of another checksum', cardOf('x'), onnx('swapped'), /does not match onnxSha256/],
  ])('refuses %s with the reason and lists the good model beside it', async (_what, card, bytes, reason) => {
    await writeModel('good');
    await writeModel('x', card, bytes);
    const catalog = folderCatalog();
    await catalog.refresh();
    expect(ids(catalog)).toEqual(['good']);
    expect(catalog.problems()).toEqual([{ id: 'x', reason: expect.stringMatching(reason) }]);
  });

  it('names the missing file of an incomplete folder', async () => {
    await writeModel('no-onnx');
    await writeModel('no-card');
    await rm(join(root, 'no-onnx', 'model.onnx'));
    await rm(join(root, 'no-card', 'model.json'));
    const catalog = folderCatalog();
    await catalog.refresh();
    expect(catalog.problems()).toEqual([
      { id: 'no-card', reason: 'model.json is missing' },
      { id: 'no-onnx', reason: 'model.onnx is missing' },
    ]);
  });

  it('keeps the older good version when its card goes bad, and takes the mended one', async () => {
    await writeModel('m');
    const catalog = folderCatalog();
    await catalog.refresh();
    const before = catalog.get('m')!;
    await writeModel('m', '{"id":"m"}');
    expect(await catalog.refresh()).toMatchObject([{ kind: 'refused', id: 'm' }]);
    expect(catalog.get('m')).toBe(before);
    expect(catalog.problems()).toHaveLength(1);
    await writeModel('m', cardOf('m', { version: '2' }));
    expect(await catalog.refresh()).toMatchObject([{ kind: 'changed', id: 'm' }]);
    expect(catalog.get('m')!.card.version).toBe('2');
    expect(catalog.problems()).toEqual([]);
  });

  it('survives a new card that arrives before its ONNX file', async () => {
    await writeModel('m');
    const catalog = folderCatalog();
    await catalog.refresh();
    const next = cardOf('m', { version: '2', onnxSha256: sha256Hex(onnx('new')) });
    await writeFile(join(root, 'm', 'model.json'), JSON.stringify(next));
    await catalog.refresh();
    expect(catalog.get('m')!.card.version).toBe('1');
    await writeFile(join(root, 'm', 'model.onnx'), onnx('new'));
    await catalog.refresh();
    expect(catalog.get('m')!.card.version).toBe('2');
  });

  it('reports nothing when files are touched but say the same', async () => {
    await writeModel('m');
    const catalog = folderCatalog();
    await catalog.refresh();
    await utimes(join(root, 'm', 'model.json'), 1, 1);
    expect(await catalog.refresh()).toEqual([]);
    expect(await catalog.refresh()).toEqual([]);
  });

  it('forgets a removed folder', async () => {
    await writeModel('m');
    const catalog = folderCatalog();
    await catalog.refresh();
    await rm(join(root, 'm'), { recursive: true });
    expect(await catalog.refresh()).toEqual([{ kind: 'removed', id: 'm' }]);
    expect(catalog.get('m')).toBeUndefined();
    await expect(catalog.readOnnx('m')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('keeps everything when the place itself cannot be listed', async () => {
    await writeModel('m');
    const catalog = folderCatalog();
    await catalog.refresh();
    await rm(root, { recursive: true });
    expect(await catalog.refresh()).toEqual([]);
    expect(ids(catalog)).toEqual(['m']);
    expect(catalog.problems()).toMatchObject([{ id: '*' }]);
    await mkdir(root);
    await catalog.refresh();
    expect(catalog.problems()).toEqual([]);
  });

  it('verifies the checksum when the ONNX file is read', async () => {
    await writeModel('m');
    const catalog = folderCatalog();
    await catalog.refresh();
    await writeFile(join(root, 'm', 'model.onnx'), onnx('swapped later'));
    await expect(catalog.readOnnx('m')).rejects.toMatchObject({ code: 'model_invalid' });
  });

  it('tells watchers what changed, and nothing after stop', async () => {
    const catalog = folderCatalog();
    const seen: string[] = [];
    const changed = new Promise<void>((resolve) => {
      const watch = catalog.watch(1, (changes) => {
        seen.push(...changes.map(({ kind, id }) => `${kind} ${id}`));
        watch.stop();
        resolve();
      });
    });
    await writeModel('m').then(() => changed);
    await rm(join(root, 'm'), { recursive: true });
    expect(await catalog.refresh()).toHaveLength(1);
    expect(seen.at(-1)).toMatch(/ m$/);
    expect(seen).toHaveLength(1);
  });
});

describe('model digest', () => {
  const digest = async (changes: Partial<Record<keyof ModelCard, unknown>>) => {
    await writeModel('m', cardOf('m', changes));
    const catalog = folderCatalog();
    await catalog.refresh();
    return catalog.get('m')!;
  };

  it('ignores title, metrics and provenance, and nothing else', async () => {
    const { modelDigest, card } = await digest({});
    expect((await digest({ title: 'Renamed', provenance: { seed: 1 } })).modelDigest).toBe(modelDigest);
    const measured = [{ set: 's', clips: 1, accuracy: 1, command: 'c' }];
    expect((await digest({ metrics: measured })).modelDigest).toBe(modelDigest);
    for (const change of [{ temperature: 2 }, { thresholds: { unknown: 0.6 } }, { version: '2' }, { labels: ['a', 'b'] }])
      expect((await digest(change)).modelDigest).not.toBe(modelDigest);
    expect(modelDigestOf(card)).toBe(modelDigest);
  });
});

describe('model catalog over the object store', () => {
  let store: ObjectStore;
  beforeEach(() => void (store = createFileStore({ root: join(root, 'objects') })));
  afterEach(() => store.close());

  const put = async (id: string, card: unknown, bytes = onnx(id)) => {
    await store.put(`shelf/${id}/model.onnx`, bytes);
    await store.put(`shelf/${id}/model.json`, Buffer.from(JSON.stringify(card)));
  };

  it('lists, verifies and updates models under a prefix', async () => {
    await put('m', cardOf('m'));
    await put('bad', cardOf('bad', { version: '' }));
    await store.put('shelf/README.md', Buffer.from('no model'));
    const catalog = createModelCatalog({ url: 'store:shelf/', store, log });
    await catalog.refresh();
    expect(ids(catalog)).toEqual(['m']);
    expect(catalog.get('m')!.location).toBe('store:shelf/m');
    expect(catalog.problems()).toMatchObject([{ id: 'bad' }]);
    expect(Buffer.from(await catalog.readOnnx('m'))).toEqual(onnx('m'));
    await put('m', cardOf('m', { version: '12' }));
    expect(await catalog.refresh()).toMatchObject([{ kind: 'changed', id: 'm' }]);
    expect(catalog.get('m')!.card.version).toBe('12');
  });

  it('asks again for what the store could not give', async () => {
    await put('m', cardOf('m'));
    const flaky: ObjectStore = Object.create(store);
    let failures = 1;
    flaky.readAll = (key, options) => {
      if (key.endsWith('model.json') && failures-- > 0) return Promise.reject(new Error('connection reset'));
      return store.readAll(key, options);
    };
    const catalog = createModelCatalog({ url: 'store:shelf', store: flaky, log });
    expect(await catalog.refresh()).toMatchObject([{ kind: 'refused', reason: 'connection reset' }]);
    expect(await catalog.refresh()).toMatchObject([{ kind: 'added', id: 'm' }]);
  });

  it('says so when there is no object store', () => {
    expect(() => createModelCatalog({ url: 'store:shelf', log })).toThrow('needs an object store');
  });
});
