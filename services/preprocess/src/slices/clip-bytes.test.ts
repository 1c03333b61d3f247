import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import type { BatchItem } from '@timbre/shared/contracts/batch';
import { readClips, type ClipBytesDeps } from './clip-bytes.js';
import { inParallel } from './in-parallel.js';

const items: BatchItem[] = Array.from({ length: 20 }, (_, index) => ({
  index,
  path: `${index}.wav`,
  ref: { kind: 'uri', uri: `https://example.org/${index}` },
}));
const noSource = () => Promise.reject(new AppError('object_missing'));

async function read(fetchStream: (uri: string) => Promise<{ body: Readable }>) {
  const deps = { publicFetch: { fetchStream }, maxFileBytes: 100 } as unknown as ClipBytesDeps;
  const found = [];
  for await (const clip of readClips(items, noSource, deps, new AbortController().signal)) found.push(clip);
  return found;
}

describe('clips behind addresses', () => {
  it('are fetched up to 8 at a time, and come in order', async () => {
    let open = 0;
    let most = 0;
    const found = await read(async (uri) => {
      most = Math.max(most, (open += 1));
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return { body: Readable.from([Buffer.from(uri)]) };
    });
    expect(found.map(({ item }) => item.index)).toEqual(items.map(({ index }) => index));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('fail alone', async () => {
    const found = await read((uri) =>
      uri.endsWith('/3')
        ? Promise.reject(new AppError('url_redirected'))
        : Promise.resolve({ body: Readable.from([Buffer.from(uri)]) }),
    );
    expect(found.filter((clip) => 'error' in clip).map(({ item }) => item.index)).toEqual([3]);
  });

  it('that are too large fail as url_too_large', async () => {
    const found = await read(() => Promise.resolve({ body: Readable.from([Buffer.alloc(101)]) }));
    expect(found[0]).toMatchObject({ error: { code: 'url_too_large' } });
  });
});

describe('inParallel', () => {
  it('lets what runs settle before the failure of the source is told', async () => {
    const settled: number[] = [];
    async function* pieces() {
      yield 1;
      await Promise.resolve();
      throw new AppError('dependency_unavailable');
    }
    const work = inParallel(pieces(), 4, async (piece) => {
      await new Promise((resolve) => setImmediate(resolve));
      settled.push(piece);
    });
    await expect(work).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(settled).toEqual([1]);
  });
});
