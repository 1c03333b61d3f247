import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import { createFileStore } from '@timbre/shared/storage/file-store';
import { incomingKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { uploadInfoKey, uploadPrefix } from '@timbre/shared/storage/upload-keys';
import { appendParts, type AppendOptions } from './append-parts.js';
import { farthestChain, findUpload, readParts, readUpload } from './uploaded-parts.js';

const owner = { tenant: 'ada', id: `u${'1'.repeat(32)}` };
let root: string;
let store: ObjectStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'timbre-parts-'));
  store = createFileStore({ root });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const create = (length: number) =>
  store.put(uploadInfoKey(owner), Buffer.from(JSON.stringify({ v: 1, length, metadata: '', fileName: 'a.wav' })));
async function* bodyOf(text: string, failure?: Error): AsyncGenerator<Buffer> {
  for (const letter of text) yield Promise.resolve(Buffer.from(letter));
  if (failure) throw failure;
}
const append = (text: string, options: Partial<AppendOptions> = {}, failure?: Error) =>
  appendParts(store, bodyOf(text, failure), { owner, offset: 0, maxBytes: 100, partBytes: 4, ...options });
const sizes = async () => (await readUpload(store, owner))?.parts.map(({ bytes }) => bytes);
async function contentOf(): Promise<string> {
  const found = await findUpload(store, owner.tenant, owner.id);
  let text = '';
  for await (const chunk of readParts(store, found?.parts ?? [])) text += String(chunk);
  return text;
}

describe('appendParts', () => {
  it('cuts a body of 10 bytes into parts of 4, 4 and 2, which read as the body', async () => {
    await create(10);
    expect(await append('0123456789')).toBe(10);
    expect(await sizes()).toEqual([4, 4, 2]);
    expect(await contentOf()).toBe('0123456789');
  });

  it('ends a part that has been open for its time, however few bytes it has', async () => {
    await create(3);
    await append('abc', { partMs: 0 });
    expect(await sizes()).toEqual([1, 1, 1]);
  });

  it('keeps the 6 bytes that came before the body broke off, and passes the reason on', async () => {
    await create(10);
    const gone = new AppError('upload_incomplete');
    await expect(append('012345', {}, gone)).rejects.toBe(gone);
    expect((await readUpload(store, owner))?.offset).toBe(6);
    await append('6789', { offset: 6 });
    expect(await contentOf()).toBe('0123456789');
  });

  it('keeps nothing of a body with a checksum that breaks off or does not fit', async () => {
    await create(10);
    const checksum = { algorithm: 'sha1', digest: 'AAAA' };
    await expect(append('012345', { checksum }, new AppError('upload_incomplete'))).rejects.toThrow(AppError);
    await expect(append('012345', { checksum })).rejects.toMatchObject({ code: 'upload_checksum_mismatch' });
    expect((await readUpload(store, owner))?.offset).toBe(0);
  });

  it('takes no byte over the limit, and all before it', async () => {
    await create(5);
    await expect(append('0123456', { maxBytes: 5 })).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(await contentOf()).toBe('01234');
  });

  it('passes the failure of a store that refuses', async () => {
    const full = new AppError('storage_full');
    const refusing: ObjectStore = { ...store, put: () => Promise.reject(full) };
    const body = bodyOf('x'.repeat(2000));
    await expect(appendParts(refusing, body, { owner, offset: 0, maxBytes: 9999, partBytes: 1000 })).rejects.toBe(full);
  });
});

describe('findUpload', () => {
  it('finds nothing unfinished, nothing of others and nothing that is no id', async () => {
    await create(10);
    await append('01234');
    expect(await findUpload(store, 'ada', owner.id)).toBeUndefined();
    await append('56789', { offset: 5 });
    expect(await findUpload(store, 'ada', owner.id)).toMatchObject({ bytes: 10, fileName: 'a.wav' });
    expect(await findUpload(store, 'bob', owner.id)).toBeUndefined();
    expect(await findUpload(store, 'ada', '../keys')).toBeUndefined();
  });

  it('finds the single object of a signed URL as one part', async () => {
    const id = `u${'2'.repeat(32)}`;
    const key = incomingKey('ada', id);
    await store.put(key, Buffer.from('abc'));
    expect(await findUpload(store, 'ada', id)).toEqual({ parts: [{ key, bytes: 3 }], bytes: 3 });
  });

  it('finds no upload whose first part is gone', async () => {
    await create(8);
    await append('01234567');
    const [first] = (await readUpload(store, owner))?.parts ?? [];
    await store.delete(first?.key ?? '');
    expect((await readUpload(store, owner))?.offset).toBe(0);
    expect(await findUpload(store, 'ada', owner.id)).toBeUndefined();
    expect(await store.deletePrefix(uploadPrefix(owner))).toBe(2);
  });
});

describe('farthestChain', () => {
  it('holds every byte that either of two writers was told to be stored', () => {
    const writer = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
    const partsOf = (lengths: number[], key: string) =>
      lengths.map((bytes, index) => ({
        key: `${key}${index}`,
        bytes,
        offset: lengths.slice(0, index).reduce((a, b) => a + b, 0),
      }));
    const sum = (parts: { bytes: number }[]) => parts.reduce((total, { bytes }) => total + bytes, 0);
    fc.assert(
      fc.property(writer, writer, (a, b) => {
        const parts = [...partsOf(a, 'a'), ...partsOf(b, 'b')];
        const chain = farthestChain(parts);
        expect(sum(chain)).toBeGreaterThanOrEqual(Math.max(sum(partsOf(a, 'a')), sum(partsOf(b, 'b'))));
        chain.forEach(({ offset }, index) => expect(offset).toBe(sum(chain.slice(0, index))));
      }),
    );
  });
});
