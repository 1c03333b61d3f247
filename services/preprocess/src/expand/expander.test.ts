import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import type { BatchSpec } from '@timbre/shared/contracts/batch';
import { batchSourceKey } from '@timbre/shared/storage/batch-keys';
import { startBatchFixture, type BatchFixture } from '@timbre/shared/testing/batch-fixture';
import { aBatchSpec } from '@timbre/shared/testing/batch-spec';
import { defaultArchiveLimits } from '../archives/archive-limits.js';
import { packTar } from '../archives/testing/tar-bytes.js';
import { createEarlierResults } from '../slices/earlier-results.js';
import { createExpander } from './expander.js';

let system: BatchFixture;
const never = new AbortController().signal;

beforeAll(async () => {
  system = await startBatchFixture();
});
afterAll(() => system.stop());
beforeEach(() => system.clear());

/** A batch of a manifest with so many clips, accepted. */
async function accepted(clips: number, over: Partial<BatchSpec> = {}): Promise<BatchSpec> {
  const base = aBatchSpec(over);
  const lines = Array.from({ length: clips }, (_, at) => `{"uri":"https://example.org/${at}.wav"}\n`).join('');
  const key = batchSourceKey(base);
  const parts = [{ key, bytes: Buffer.byteLength(lines) }];
  const spec: BatchSpec = { ...base, source: { kind: 'object', format: 'jsonl', parts } };
  await system.store.put(key, Buffer.from(lines));
  await system.accept(spec);
  return spec;
}

const expander = () =>
  createExpander({
    ...system,
    importStores: [],
    earlier: createEarlierResults(system.store, system.batches),
    limits: defaultArchiveLimits(),
    most: 1000,
    slices: { maxClips: 32, maxSeconds: 160 },
  });
const recordOf = async ({ id }: BatchSpec) => {
  const record = await system.batches.read(id);
  if (!record) throw new Error('no such batch');
  return record;
};

describe('reading the source of a batch', () => {
  it('writes 2500 clips down in 3 shards, and says that it is at the end', async () => {
    const spec = await accepted(2500);
    expect(await expander()({ spec, record: await recordOf(spec) }, never)).toBeUndefined();
    expect(await recordOf(spec)).toMatchObject({ total: 2500, shards: 3, state: 'expanding' });
  });

  it('does not speak for the reader ahead: one that was overtaken after shard 0 leaves the end to it', async () => {
    const spec = await accepted(2500);
    const asleep = await recordOf(spec);
    const stop = new AbortController();
    const ahead = expander()({ spec, record: asleep }, stop.signal);
    while ((await recordOf(spec)).shards === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new AppError('shutting_down'));
    await ahead.catch(() => undefined);
    expect(await expander()({ spec, record: asleep }, never)).toBe('overtaken');
    expect((await recordOf(spec)).state).toBe('expanding');
  });

  it('goes on behind the shards there are, and finds each clip once', async () => {
    const spec = await accepted(2500);
    const stop = new AbortController();
    const first = expander()({ spec, record: await recordOf(spec) }, stop.signal);
    while ((await recordOf(spec)).shards === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new AppError('shutting_down'));
    await first.catch(() => undefined);
    expect(await expander()({ spec, record: await recordOf(spec) }, never)).toBeUndefined();
    expect(await recordOf(spec)).toMatchObject({ total: 2500, shards: 3 });
  });

  it('still knows that a tar.gz was cut short when another reader goes on from its inflated copy', async () => {
    const base = aBatchSpec();
    const tar = await packTar(['a.wav', 'b.wav'].map((name) => ({ name, content: randomBytes(200_000) })));
    const cut = gzipSync(tar).subarray(0, -8);
    const parts = [{ key: batchSourceKey(base), bytes: cut.length }];
    const spec: BatchSpec = { ...base, source: { kind: 'object', format: 'tar.gz', parts } };
    await system.store.put(batchSourceKey(base), cut);
    await system.accept(spec);
    const record = await recordOf(spec);
    const codes = [];
    for (let reader = 0; reader < 2; reader++) {
      const inflated: { code?: string } = (await expander()(
        { spec, record: { ...record, shards: reader } },
        never,
      )) as object;
      codes.push(inflated.code);
    }
    expect(codes).toEqual(['archive_corrupt', 'archive_corrupt']);
  });

  it('says that a batch of no clips is empty', async () => {
    const spec = await accepted(0);
    const ended = await expander()({ spec, record: await recordOf(spec) }, never);
    expect(ended).toMatchObject({ code: 'batch_empty' });
  });
});
