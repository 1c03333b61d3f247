/**
 * What every object store must do, as one suite. A driver passes it by `objectStoreContract(name, start)` in a test file
 * of its own; faults that only one driver can have are tested there.
 */
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../errors.js';
import type { SweepableObjectStore } from './driver-store.js';

export interface ContractSubject {
  store: SweepableObjectStore;
  /** Names of unfinished uploads the store still holds. */
  leftovers(): Promise<string[]>;
  stop(): Promise<void>;
}

export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Over two parts of a multipart upload, and not a multiple of anything. */
const LONG_BYTES = 17 * 1024 * 1024 + 12_345;
const MANY = 1_037;

/** Bytes as a stream of uneven chunks. */
export function unevenStream(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 70_001 || 1)
        yield bytes.subarray(at, at + size);
    })(),
    { objectMode: false },
  );
}

export function objectStoreContract(name: string, start: () => Promise<ContractSubject>): void {
  describe(`object store contract: ${name}`, () => {
    let subject: ContractSubject;
    const store = () => subject.store;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(async () => {
      await subject.store.close();
      await subject.stop();
    });

    // First, so that nothing the other tests leave in memory hides growth.
    describeMemory(store);
    describePutAndGet(store);
    describeRefusedPuts(store, () => subject.leftovers());
    describeListAndDelete(store);
    describePresign(store);
  });
}

type Store = () => SweepableObjectStore;

/** `Array.fromAsync` is not in Node 20. */
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function keysUnder(store: Store, prefix: string): Promise<string[]> {
  return (await collect(store().list(prefix))).map(({ key }) => key);
}

function describePutAndGet(store: Store): void {
  it('gives back the bytes it was given, with their length and SHA-256', async () => {
    const bytes = randomBytes(5_000);
    expect(await store().put('get/bytes', bytes)).toEqual({ key: 'get/bytes', bytes: 5_000, sha256: sha256Of(bytes) });
    expect(await store().readAll('get/bytes', { expectedSha256: sha256Of(bytes) })).toEqual(bytes);
    expect(await buffer(await store().get('get/bytes'))).toEqual(bytes);
    expect(await store().head('get/bytes')).toMatchObject({ key: 'get/bytes', bytes: 5_000 });
    const { modifiedAt } = (await store().head('get/bytes')) ?? { modifiedAt: new Date(0) };
    expect(Math.abs(modifiedAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it(`streams ${LONG_BYTES} bytes of unknown length in and out in uneven chunks`, async () => {
    const bytes = randomBytes(LONG_BYTES);
    const expectedSha256 = sha256Of(bytes);
    const stored = await store().put('get/long', unevenStream(bytes), { expectedSha256, durability: 'volatile' });
    expect(stored).toEqual({ key: 'get/long', bytes: LONG_BYTES, sha256: expectedSha256 });
    expect(sha256Of(await buffer(await store().get('get/long')))).toBe(expectedSha256);
    expect(sha256Of(await store().readAll('get/long'))).toBe(expectedSha256);
  });

  it('stores exactly one part, the empty object and the empty stream', async () => {
    const part = randomBytes(8 * 1024 * 1024);
    await store().put('get/part', Readable.from([part.subarray(0, 3), part.subarray(3)]));
    expect(sha256Of(await store().readAll('get/part'))).toBe(sha256Of(part));
    await store().put('get/empty', new Uint8Array());
    expect(await store().readAll('get/empty')).toHaveLength(0);
    expect(await buffer(await store().get('get/empty'))).toHaveLength(0);
    expect((await store().put('get/empty-stream', Readable.from([]))).bytes).toBe(0);
  });

  it('replaces an older object whole', async () => {
    await store().put('get/replaced', Buffer.from('a long first version'));
    await store().put('get/replaced', Buffer.from('second'), { durability: 'volatile' });
    expect((await store().readAll('get/replaced')).toString()).toBe('second');
  });

  it('shows a reader one whole version while 24 puts of one key race', async () => {
    const versions = Array.from({ length: 24 }, (_, index) => Buffer.alloc(50_000, index));
    await store().put('get/raced', Buffer.alloc(50_000, 0));
    const seen: Promise<Buffer>[] = [];
    await Promise.all(
      versions.map(async (version) => {
        await store().put('get/raced', version, { durability: 'volatile' });
        seen.push(store().readAll('get/raced'));
      }),
    );
    for (const each of await Promise.all(seen)) expect(each.equals(Buffer.alloc(50_000, each[0]))).toBe(true);
  });

  it.each([
    { offset: 0, length: 4, expected: '0123' },
    { offset: 3, length: 1, expected: '3' },
    { offset: 6, length: 100, expected: '6789' },
    { offset: 0, length: 0, expected: '' },
    { offset: 10, length: 5, expected: '' },
    { offset: 1_000, length: 5, expected: '' },
  ])('reads $expected of ten bytes at offset $offset, length $length', async ({ offset, length, expected }) => {
    await store().put('get/ten', Buffer.from('0123456789'));
    expect((await buffer(await store().get('get/ten', { range: { offset, length } }))).toString()).toBe(expected);
  });

  it('says object_missing for what is not there, before the first byte', async () => {
    await expect(store().get('get/none')).rejects.toMatchObject({ code: 'object_missing' });
    await expect(store().get('get/none', { range: { offset: 0, length: 0 } })).rejects.toMatchObject({
      code: 'object_missing',
    });
    await expect(store().readAll('get/none')).rejects.toMatchObject({ code: 'object_missing' });
    expect(await store().head('get/none')).toBeNull();
  });

  it('waits for an object that appears late, when asked to', async () => {
    const late = store().readAll('get/late', { retryMissingMs: 20_000 });
    const lateStream = store().get('get/late', { retryMissingMs: 20_000 });
    await expect(store().readAll('get/late')).rejects.toMatchObject({ code: 'object_missing' });
    await store().put('get/late', Buffer.from('at last'));
    expect((await late).toString()).toBe('at last');
    expect((await buffer(await lateStream)).toString()).toBe('at last');
  });

  it('refuses to read more than maxBytes, and calls content with another SHA-256 corrupt', async () => {
    await store().put('get/limited', Buffer.alloc(1_000));
    await expect(store().readAll('get/limited', { maxBytes: 999 })).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { limit: 999, observed: 1_000 },
    });
    expect(await store().readAll('get/limited', { maxBytes: 1_000 })).toHaveLength(1_000);
    await expect(store().readAll('get/limited', { expectedSha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'storage_corrupt',
    });
  });

  it('ends a read with the reason of its signal', async () => {
    await store().put('get/aborted', Buffer.alloc(3_000_000));
    const reason = new AppError('deadline_exceeded');
    const controller = new AbortController();
    const stream = await store().get('get/aborted', { signal: controller.signal });
    const reading = (async () => {
      for await (const chunk of stream) if ((chunk as Buffer).length > 0) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    await expect(store().readAll('get/aborted', { signal: controller.signal })).rejects.toBe(reason);
  });

  it('writes, reads and deletes in its self-check and leaves nothing', async () => {
    await store().check();
    expect(await keysUnder(store, 'check/')).toEqual([]);
  });
}

function describeRefusedPuts(store: Store, leftovers: () => Promise<string[]>): void {
  const long = () => Readable.from(chunksOf(LONG_BYTES), { objectMode: false });
  const sources = [
    { kind: 'bytes', make: () => Buffer.alloc(2_000) },
    { kind: 'a short stream', make: () => Readable.from(chunksOf(2_000)) },
    { kind: 'a long stream', make: long },
  ];
  const expectOnlyOld = async (key: string) => {
    expect((await store().readAll(key)).toString()).toBe('old');
    expect(await keysUnder(store, key)).toEqual([key]);
    expect(await leftovers()).toEqual([]);
  };

  it.each(sources)('keeps the old object when $kind is over maxBytes', async ({ kind, make }) => {
    const key = `refused/max-${kind.replaceAll(' ', '-')}`;
    await store().put(key, Buffer.from('old'));
    await expect(store().put(key, make(), { maxBytes: 1_999 })).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { limit: 1_999 },
    });
    await expectOnlyOld(key);
  });

  it.each(sources)('keeps the old object when $kind has another SHA-256', async ({ kind, make }) => {
    const key = `refused/sha-${kind.replaceAll(' ', '-')}`;
    await store().put(key, Buffer.from('old'));
    await expect(store().put(key, make(), { expectedSha256: 'f'.repeat(64) })).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
    await expectOnlyOld(key);
  });

  it('keeps the old object when the put is aborted while its source is silent', async () => {
    await store().put('refused/aborted', Buffer.from('old'));
    const source = new PassThrough({ highWaterMark: 2 * LONG_BYTES });
    source.write(Buffer.alloc(LONG_BYTES));
    const controller = new AbortController();
    const reason = new AppError('request_timeout');
    const put = store().put('refused/aborted', source, { signal: controller.signal });
    await until(() => source.readableLength === 0);
    controller.abort(reason);
    await expect(put).rejects.toBe(reason);
    await expectOnlyOld('refused/aborted');
    await expect(
      store().put('refused/aborted', Buffer.from('new'), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    await expectOnlyOld('refused/aborted');
  });

  it('keeps the old object when the source breaks off, and says upload_incomplete', async () => {
    await store().put('refused/broken', Buffer.from('old'));
    const cause = new Error('socket hang up');
    const broken = Readable.from(
      (function* () {
        yield* chunksOf(LONG_BYTES);
        throw cause;
      })(),
      { objectMode: false },
    );
    await expect(store().put('refused/broken', broken)).rejects.toMatchObject({ code: 'upload_incomplete', cause });
    const destroyed = new PassThrough();
    const put = store().put('refused/broken', destroyed);
    destroyed.destroy();
    await expect(put).rejects.toMatchObject({ code: 'upload_incomplete' });
    await expectOnlyOld('refused/broken');
  });

  it('passes an AppError of the source on and leaves the stream of a refused put to its owner', async () => {
    const own = new AppError('audio_encrypted');
    const source = new PassThrough();
    const failing = store().put('refused/own', source);
    source.destroy(own);
    await expect(failing).rejects.toBe(own);
    const tooLong = new PassThrough();
    tooLong.write(Buffer.alloc(100));
    await expect(store().put('refused/own', tooLong, { maxBytes: 10 })).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(tooLong.destroyed).toBe(false);
    expect(await keysUnder(store, 'refused/own')).toEqual([]);
  });
}

function describeListAndDelete(store: Store): void {
  it('lists in the order of whole keys, by prefixes cut anywhere', async () => {
    const keys = ['007', '1e5', 'a', 'b-c', 'b.c', 'b/0x1F', 'b/c/d', 'b/c-d', 'b0', 'ba/x'].map(
      (key) => `list/${key}`,
    );
    for (const key of [...keys].reverse()) await store().put(key, Buffer.from(key), { durability: 'volatile' });
    const ordered = [...keys].sort();
    expect(await keysUnder(store, 'list/')).toEqual(ordered);
    for (const prefix of ['list/b', 'list/b/', 'list/b/c', 'list/1e5', 'list/zz', 'li'])
      expect(await keysUnder(store, prefix)).toEqual(ordered.filter((key) => key.startsWith(prefix)));
    const [first] = await collect(store().list('list/b/c/'));
    expect(first).toMatchObject({ key: 'list/b/c/d', bytes: 10 });
    expect(first?.modifiedAt).toBeInstanceOf(Date);
  });

  it(`lists and deletes ${MANY} objects under one prefix and leaves its neighbours`, async () => {
    const keys = Array.from({ length: MANY }, (_, index) => `many/x/${index}`);
    for (let at = 0; at < MANY; at += 32)
      await Promise.all(
        keys.slice(at, at + 32).map((key) => store().put(key, Buffer.from(key), { durability: 'volatile' })),
      );
    await store().put('many/xy', Buffer.from('neighbour'));
    expect(await keysUnder(store, 'many/x/')).toEqual([...keys].sort());
    expect(await store().deletePrefix('many/x/')).toBe(MANY);
    expect(await keysUnder(store, 'many/')).toEqual(['many/xy']);
    expect(await store().deletePrefix('many/x/')).toBe(0);
  });

  it('stops listing with the reason of its signal', async () => {
    for (const name of ['a', 'b', 'c']) await store().put(`stop/${name}`, Buffer.from(name));
    const reason = new AppError('shutting_down');
    await expect(keysUnder(store, 'stop/')).resolves.toHaveLength(3);
    const aborted = store().list('stop/', { signal: AbortSignal.abort(reason) });
    await expect(collect(aborted)).rejects.toBe(reason);
  });

  it('deletes once or twice without complaint', async () => {
    await store().put('delete/one/deep', Buffer.from('x'));
    await store().delete('delete/one/deep');
    await store().delete('delete/one/deep');
    await store().delete('delete/one');
    expect(await store().head('delete/one/deep')).toBeNull();
    await store().put('delete/one', Buffer.from('a key where a folder was'));
    expect((await store().readAll('delete/one')).toString()).toBe('a key where a folder was');
  });

  it('refuses to delete everything, and keys that are none', async () => {
    await expect(store().deletePrefix('')).rejects.toMatchObject({ code: 'internal' });
    await expect(store().put('../x', Buffer.from('x'))).rejects.toMatchObject({ code: 'internal' });
    await expect(collect(store().list('/etc'))).rejects.toMatchObject({ code: 'internal' });
  });
}

function describePresign(store: Store): void {
  it('signs a GET that reads one object and nothing else', async () => {
    await store().put('signed/get', Buffer.from('for anyone'));
    await store().put('signed/other', Buffer.from('not for you'));
    const url = await store().presign('GET', 'signed/get', { expiresInSeconds: 60 });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([200, 'for anyone']);
    expect((await fetch(url.replace('signed/get', 'signed/other'))).status).toBe(403);
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(url.replace(/[0-9a-f]$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(403);
  });

  it('signs a PUT that takes only the exact length and type', async () => {
    const options = { expiresInSeconds: 60, contentLength: 5, contentType: 'audio/wav' };
    const url = await store().presign('PUT', 'signed/put', options);
    const put = async (body: string, type: string) =>
      (await fetch(url, { method: 'PUT', body, headers: { 'content-type': type } })).status;
    expect(await put('longer', 'audio/wav')).toBe(403);
    expect(await put('less', 'audio/wav')).toBe(403);
    expect(await put('right', 'text/html')).toBe(403);
    expect(await store().head('signed/put')).toBeNull();
    expect(await put('right', 'audio/wav')).toBe(200);
    expect((await store().readAll('signed/put')).toString()).toBe('right');
  });

  it.each([0, -1, 1.5, 7 * 24 * 3600 + 1])('refuses to sign for %d seconds', async (expiresInSeconds) => {
    await expect(store().presign('GET', 'signed/get', { expiresInSeconds })).rejects.toMatchObject({
      code: 'internal',
    });
  });
}

const FLAT_BYTES = 300_000_000;
const FLAT_LIMIT = 120_000_000;

function describeMemory(store: Store): void {
  it(
    'keeps memory flat: a stream of 300 MB in and out grows it by less than 120 MB',
    { timeout: 120_000 },
    async () => {
      const before = process.memoryUsage.rss();
      let peak = before;
      const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
      const stored = await store().put('flat', Readable.from(chunksOf(FLAT_BYTES), { objectMode: false }), {
        durability: 'volatile',
      });
      const peakOfPut = peak;
      const hash = createHash('sha256');
      for await (const chunk of await store().get('flat')) hash.update(chunk as Buffer);
      clearInterval(watch);
      const mb = (bytes: number) => Math.round((bytes - before) / 1e6);
      process.stdout.write(
        `  ${store().kind} store, 300 MB: put +${mb(peakOfPut)} MB RSS, put and get +${mb(peak)} MB\n`,
      );
      expect(stored.bytes).toBe(FLAT_BYTES);
      expect(hash.digest('hex')).toBe(stored.sha256);
      expect(peak - before).toBeLessThan(FLAT_LIMIT);
      await store().delete('flat');
    },
  );
}

/** So many bytes in chunks of 64 KiB that all differ. */
function* chunksOf(bytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += 65_536) {
    const chunk = Buffer.alloc(Math.min(65_536, bytes - at), 'timbre');
    chunk.writeUInt32LE(at % 2 ** 32, 0);
    yield chunk;
  }
}

/** Resolves when the condition holds, looked at after each turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
