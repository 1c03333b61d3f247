import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../errors.js';
import { createFaultProxy } from '../testing/fault-proxy.js';
import { freePort } from '../testing/redis-server.js';
import { createHttpFaultProxy, requests, type HttpFault, type HttpFaultProxy } from '../testing/http-fault-proxy.js';
import { startS3Server, whyNoS3Server, type S3Server } from '../testing/s3-server.js';
import { DEFAULT_DEADLINE } from './deadline.js';
import { parseStoreUrl } from './create-object-store.js';
import { sha256Of, until } from './object-store-contract.js';
import { createS3Store, type S3StoreOptions } from './s3-store.js';

const missing = whyNoS3Server();
if (missing !== undefined) process.stderr.write(`\n!!! THE S3 FAULT TESTS COULD NOT RUN: ${missing}\n\n`);

const quick = {
  retry: { tries: 5, baseDelayMs: 2, maxDelayMs: 20 },
  deadline: { baseMs: 800, minBytesPerSecond: 1_000_000 },
  tryDeadline: { baseMs: 250, minBytesPerSecond: 1_000_000 },
};
const never = { threshold: Infinity, openMs: 0 };
const NO_SUCH_KEY = { status: 404, body: '<Error><Code>NoSuchKey</Code><Message>not there</Message></Error>' };
const body = randomBytes(400_000);
const sha256 = sha256Of(body);

describe.skipIf(missing !== undefined)(`S3 faults${missing === undefined ? '' : ` (not run: ${missing})`}`, () => {
  let server: S3Server;
  let proxy: HttpFaultProxy;
  let opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    server = await startS3Server();
    proxy = await createHttpFaultProxy(server);
    await open({}, server.port).put('there', body);
  });
  afterEach(async () => {
    proxy.setRule(undefined);
    for (const each of opened.reverse()) await each.close();
    opened = [];
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  function open(options: Partial<S3StoreOptions> = {}, port = proxy.port) {
    const location = parseStoreUrl(server.url(port), '/nonexistent');
    if (location.kind !== 's3') throw new Error('an S3 URL');
    const store = createS3Store({ ...location, ...quick, breaker: never, ...options });
    opened.push(store);
    return store;
  }
  const elapsed = async (work: Promise<unknown>) => {
    const startedAt = performance.now();
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { ms: performance.now() - startedAt, error };
  };

  describe('F21: errors of the server', () => {
    it('finishes 120 calls while 30 % of the requests are answered 500, 503 or 429, at most four in a row', async () => {
      const store = open();
      let failed = 0;
      let inARow = 0;
      const isFailed = ({ index }: { index: number }) => {
        inARow = (index * 7919 + 13) % 10 < 3 && inARow < 4 ? inARow + 1 : 0;
        if (inARow > 0) failed++;
        return inARow > 0 ? { status: [500, 503, 429][index % 3]! } : undefined;
      };
      proxy.setRule(isFailed);
      for (let index = 0; index < 40; index++) {
        await store.put(`f21/${index}`, Buffer.from(`object ${index}`));
        expect((await store.readAll(`f21/${index}`)).toString()).toBe(`object ${index}`);
      }
      expect(await store.head('f21/7')).toMatchObject({ bytes: 8 });
      const keys: string[] = [];
      for await (const { key } of store.list('f21/')) keys.push(key);
      expect(keys).toHaveLength(40);
      expect(await store.deletePrefix('f21/')).toBe(40);
      expect(failed / proxy.seen.length).toBeCloseTo(0.3, 1);
    });

    it('gives up after five tries, with waits between 0 and 100, 200, 400, 800 ms', async () => {
      const waits: number[] = [];
      const clock = { now: () => 0, random: () => 0.999, sleep: async (ms: number) => void waits.push(Math.round(ms)) };
      proxy.setRule(() => ({ status: 503 }));
      const store = open({ clock, retry: { tries: 5, baseDelayMs: 100, maxDelayMs: 5_000 } });
      await expect(store.readAll('there')).rejects.toMatchObject({
        code: 'dependency_unavailable',
        details: { status: 503 },
      });
      expect(proxy.seen).toHaveLength(5);
      expect(waits).toEqual([100, 200, 400, 799]);
    });

    it('leaves a server that is down alone after 10 failures, asks once every 5 s, and works again when it answers', async () => {
      let now = 0;
      const clock = { now: () => now, random: () => 0, sleep: () => Promise.resolve() };
      const logged: string[] = [];
      const log = (_: object, message: string) => void logged.push(message);
      const store = open({ clock, breaker: { threshold: 10, openMs: 5_000 }, logger: { info: log, warn: log } });
      proxy.setRule(() => ({ status: 500 }));
      const unavailable = { code: 'dependency_unavailable' };
      for (let call = 0; call < 2; call++) await expect(store.readAll('there')).rejects.toMatchObject(unavailable);
      expect(proxy.seen).toHaveLength(10);
      for (let second = 0; second < 600; second++) {
        await expect(store.readAll('there')).rejects.toMatchObject(unavailable);
        now += 1_000;
      }
      expect(proxy.seen.length).toBeLessThanOrEqual(10 + 600 / 5);
      proxy.setRule(undefined);
      now += 5_000;
      expect(sha256Of(await store.readAll('there'))).toBe(sha256);
      expect(logged).toEqual(['object store is down, calls are refused', 'object store answers again']);
    });

    it('calls 507 storage_full and does not repeat it', async () => {
      proxy.setRule(() => ({ status: 507 }));
      await expect(open().put('f21/full', body)).rejects.toMatchObject({ code: 'storage_full' });
      expect(proxy.seen).toHaveLength(1);
    });
  });

  describe('F22: a server that hangs, stalls or trickles', () => {
    it('tries again when one request is never answered', async () => {
      proxy.setRule(requests(0, 1, { hang: true }));
      expect(sha256Of(await open().readAll('there'))).toBe(sha256);
    });

    it('ends every call within its deadline of 0.8 s (and 0.4 s for 400 kB) when nothing is ever answered', async () => {
      proxy.setRule(() => ({ hang: true }));
      const store = open();
      const calls = {
        put: () => store.put('f22/hang', body),
        readAll: () => store.readAll('there'),
        get: () => store.get('there'),
        head: () => store.head('there'),
        delete: () => store.delete('f22/none'),
        deletePrefix: () => store.deletePrefix('f22/'),
        check: () => store.check(),
      };
      const ended = Object.entries(calls).map(async ([name, run]) => ({ name, ...(await elapsed(run())) }));
      for (const { name, ms, error } of await Promise.all(ended)) {
        expect({ name, error }).toMatchObject({ name, error: { code: 'dependency_unavailable' } });
        expect({ name, inTime: ms < 1_200 + 1_000 }).toEqual({ name, inTime: true });
      }
      await until(() => proxy.pending === 0);
    });

    it('continues a stream whose body stalls, from where it stopped', async () => {
      proxy.setRule(requests(0, 2, { stallAfterBytes: 150_000 }));
      expect(sha256Of(await buffer(await open().get('there')))).toBe(sha256);
      expect(proxy.seen).toHaveLength(3);
    });

    it('reads a range whole although its body stalls', async () => {
      proxy.setRule(requests(0, 1, { stallAfterBytes: 10_000 }));
      const range = { offset: 1_000, length: 50_000 };
      const read = await buffer(await open().get('there', { range }));
      expect(read.equals(body.subarray(1_000, 51_000))).toBe(true);
    });

    it('ends a stream that always stalls within its deadline', async () => {
      proxy.setRule(() => ({ stallAfterBytes: 0 }));
      const { ms, error } = await elapsed(buffer(await open().get('there')));
      expect(error).toMatchObject({ code: 'dependency_unavailable' });
      expect(ms).toBeLessThan(2_200);
    });

    it('ends a read that trickles at 20 kB/s within its deadline', async () => {
      proxy.setRule(() => ({ bytesPerSecond: 20_000 }));
      const { ms, error } = await elapsed(open().readAll('there'));
      expect(error).toMatchObject({ code: 'dependency_unavailable' });
      expect(ms).toBeLessThan(800 + 400 + 1_000);
    });

    it('lets a slow server answer: 200 ms for each request', async () => {
      proxy.setRule(() => ({ delayMs: 200 }));
      await open().put('f22/slow', Buffer.from('slow but sure'));
      expect((await open().readAll('f22/slow')).toString()).toBe('slow but sure');
    });

    it('does not count the time a slow reader takes against the server', async () => {
      const store = open({
        tryDeadline: { baseMs: 60, minBytesPerSecond: 1e9 },
        deadline: { baseMs: 60, minBytesPerSecond: 1e9 },
      });
      const stream = await store.get('there');
      let bytes = 0;
      for await (const chunk of stream) {
        bytes += (chunk as Buffer).length;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(bytes).toBe(body.length);
    });

    it('works again as soon as a black-holed link heals', async () => {
      const link = await createFaultProxy(server, { blackHole: true });
      opened.push(link);
      const store = open({}, link.port);
      await expect(store.readAll('there')).rejects.toMatchObject({ code: 'dependency_unavailable' });
      link.heal();
      expect(sha256Of(await store.readAll('there'))).toBe(sha256);
    });
  });

  describe('F23: truncated and wrong bytes', () => {
    it.each([
      { fault: { truncateAfterBytes: 100_000 }, name: 'breaks off' },
      { fault: { flipByteAt: 123_456 }, name: 'has a flipped byte' },
      { fault: { shortenToBytes: 399_999 }, name: 'is a byte short, and declared so' },
      { fault: { reset: true }, name: 'is a reset' },
      { fault: { loseAnswer: true }, name: 'is lost' },
    ])('reads again when the first answer $name', async ({ fault }) => {
      proxy.setRule(requests(0, 1, fault));
      expect((await open().readAll('there', { expectedSha256: sha256 })).equals(body)).toBe(true);
      expect(proxy.seen).toHaveLength(2);
    });

    it('calls the object corrupt after three reads with wrong bytes', async () => {
      proxy.setRule(() => ({ flipByteAt: 7 }));
      await expect(open().readAll('there', { expectedSha256: sha256 })).rejects.toMatchObject({
        code: 'storage_corrupt',
        details: { expected: sha256, reads: 3 },
      });
      expect(proxy.seen).toHaveLength(3);
    });

    it('continues a stream that breaks off four times, and gives up at the fifth', async () => {
      proxy.setRule(requests(0, 4, { truncateAfterBytes: 90_000 }));
      expect(sha256Of(await buffer(await open().get('there')))).toBe(sha256);
      proxy.setRule(() => ({ truncateAfterBytes: 50_000 }));
      await expect(buffer(await open().get('there'))).rejects.toMatchObject({ code: 'dependency_unavailable' });
    });

    it('does not splice two versions when the object is replaced under a broken stream', async () => {
      await open({}, server.port).put('f23/replaced', body);
      proxy.setRule(requests(0, 1, { truncateAfterBytes: 100_000 }));
      const stream = await open().get('f23/replaced');
      await open({}, server.port).put('f23/replaced', randomBytes(400_000));
      await expect(buffer(stream)).rejects.toMatchObject({ code: 'dependency_unavailable' });
    });
  });

  describe('F24: an object that shows late', () => {
    it('reads on after three answers of 404 when asked to wait, and not otherwise', async () => {
      proxy.setRule(requests(0, 3, NO_SUCH_KEY));
      expect(sha256Of(await open().readAll('there', { retryMissingMs: 10_000 }))).toBe(sha256);
      expect(proxy.seen).toHaveLength(4);
      proxy.setRule(requests(0, 3, NO_SUCH_KEY));
      expect(sha256Of(await buffer(await open().get('there', { retryMissingMs: 10_000 })))).toBe(sha256);
      proxy.setRule(requests(0, 3, NO_SUCH_KEY));
      await expect(open().readAll('there')).rejects.toMatchObject({ code: 'object_missing' });
      expect(proxy.seen).toHaveLength(1);
    });

    it('says object_missing when 10 s of asking did not help', async () => {
      let now = 0;
      const clock = { now: () => now, random: () => 0.5, sleep: async (ms: number) => void (now += ms) };
      await expect(open({ clock }).readAll('f24/never', { retryMissingMs: 10_000 })).rejects.toMatchObject({
        code: 'object_missing',
      });
      expect(now).toBe(10_000);
    });
  });

  describe('what the operator has to mend', () => {
    it('says dependency_unavailable when the connection is refused', async () => {
      const store = open({}, await freePort());
      await expect(store.check()).rejects.toMatchObject({ code: 'dependency_unavailable', retryable: true });
      await expect(store.put('x', body)).rejects.toMatchObject({ details: { errno: 'ECONNREFUSED' } });
    });

    it.each([
      { name: 'a wrong secret', wrong: { secretKey: 'not-the-secret-of-it' } },
      { name: 'an unknown access key', wrong: { accessKey: 'nobody' } },
      { name: 'a missing bucket', wrong: { bucket: 'not-made' } },
    ])('says storage_misconfigured for $name in every call, at once and without the secret', async ({ wrong }) => {
      const store = open(wrong);
      const listing = async () => {
        for await (const each of store.list('x')) throw new Error(each.key);
      };
      const calls = [
        () => store.check(),
        () => store.put('x', body),
        () => store.put('x', Readable.from([Buffer.alloc(9_000_000)])),
        () => store.readAll('x'),
        () => store.get('x'),
        () => store.head('x'),
        () => store.delete('x'),
        () => store.deletePrefix('x'),
        listing,
      ];
      for (const run of calls) {
        const { ms, error } = await elapsed(run());
        expect([run.toString(), (error as AppError | undefined)?.code]).toEqual([
          run.toString(),
          'storage_misconfigured',
        ]);
        expect(ms).toBeLessThan(1_000);
        expect(JSON.stringify([String(error), error])).not.toMatch(/not-the-secret-of-it|timbre-test-secret/);
      }
    });

    it('says storage_misconfigured for TLS spoken to a server without it', async () => {
      const store = open({ endpoint: { host: server.host, port: server.port, tls: true } }, server.port);
      await expect(store.readAll('there')).rejects.toMatchObject({ code: 'storage_misconfigured' });
    });
  });

  describe('uploads', () => {
    const long = randomBytes(20_000_000);
    // Nothing hangs here: time for a slow machine, whose late answers would look like lost ones.
    const patient = { tryDeadline: DEFAULT_DEADLINE, deadline: DEFAULT_DEADLINE };

    it('makes an object visible once although the answer to its last call is lost', async () => {
      const isComplete = (method: string, url: string) => method === 'POST' && url.includes('uploadId=');
      let lost = 0;
      proxy.setRule(({ method, url }) => (isComplete(method, url) && lost++ === 0 ? { loseAnswer: true } : undefined));
      const stored = await open(patient).put('up/lost', Readable.from([long]));
      expect(lost).toBeGreaterThan(1);
      expect(stored.sha256).toBe(sha256Of(long));
      expect(sha256Of(await open(patient).readAll('up/lost'))).toBe(stored.sha256);
    });

    it('takes an upload that is gone for completed when a try before may have done it and the size is right', async () => {
      const gone = { status: 404, body: '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>' };
      const isComplete = (method: string, url: string) => method === 'POST' && url.includes('uploadId=');
      let completes = 0;
      const answerTries = (first: HttpFault) =>
        proxy.setRule(({ method, url }) => (isComplete(method, url) ? (completes++ === 0 ? first : gone) : undefined));
      answerTries({ loseAnswer: true });
      expect((await open(patient).put('up/gone', Readable.from([long]))).sha256).toBe(sha256Of(long));
      expect(completes).toBe(2);
      completes = 0;
      answerTries(gone);
      await expect(open(patient).put('up/gone', Readable.from([long]))).rejects.toMatchObject({ code: 'internal' });
      expect(completes).toBe(1);
    });

    it('does not wait for a part under way when its source breaks off', async () => {
      proxy.setRule(({ url }) => (url.includes('partNumber=1') ? { hang: true } : undefined));
      const source = new PassThrough({ highWaterMark: long.length });
      source.write(long.subarray(0, 12_000_000));
      const put = elapsed(open(patient).put('up/cut', source));
      await until(() => proxy.seen.some(({ url }) => url.includes('partNumber=1')) && source.readableLength === 0);
      source.destroy(new Error('client went away'));
      const { ms, error } = await put;
      expect(error).toMatchObject({ code: 'upload_incomplete' });
      expect(ms).toBeLessThan(10_000);
      expect(await open().sweepTemporary(0)).toBe(0);
    });

    it('sends a part again that failed, and only that one', async () => {
      proxy.setRule(({ url, index }) => (url.includes('partNumber=2') && index < 3 ? { status: 503 } : undefined));
      expect((await open(patient).put('up/part', Readable.from([long]))).sha256).toBe(sha256Of(long));
      const parts = proxy.seen.map(({ url }) => /partNumber=(\d)/.exec(url)?.[1]).filter((part) => part !== undefined);
      expect(parts).toEqual(['1', '2', '2', '3']);
      expect(sha256Of(await open(patient).readAll('up/part'))).toBe(sha256Of(long));
    });

    it('leaves no object when the server fails in the middle, and the sweep removes what could not be', async () => {
      const warned: string[] = [];
      const log = (_: object, message: string) => void warned.push(message);
      proxy.setRule(({ index }) => (index < 2 ? undefined : { status: 500 }));
      const store = open({ ...patient, logger: { info: log, warn: log } });
      await expect(store.put('up/half', Readable.from([long]))).rejects.toMatchObject({
        code: 'dependency_unavailable',
      });
      expect(warned).toEqual(['an unfinished upload was left to the sweep']);
      proxy.setRule(undefined);
      expect(await store.head('up/half')).toBeNull();
      expect(await store.sweepTemporary(60_000)).toBe(0);
      expect(await store.sweepTemporary(0)).toBe(1);
      expect(await store.sweepTemporary(0)).toBe(0);
    });

    it('stops at once for its signal, also between two tries', async () => {
      const reason = new AppError('deadline_exceeded');
      const controller = new AbortController();
      proxy.setRule(() => ({ status: 503 }));
      const put = open({
        retry: { tries: 5, baseDelayMs: 60_000, maxDelayMs: 60_000 },
        deadline: { baseMs: 300_000, minBytesPerSecond: 1 },
      }).put('up/stop', body, { signal: controller.signal });
      await until(() => proxy.seen.length === 1 && proxy.pending === 0);
      controller.abort(reason);
      const { ms, error } = await elapsed(put);
      expect(error).toBe(reason);
      expect(ms).toBeLessThan(500);
    });
  });
});
