/** Resumable uploads with a tus client of others, on real Redis and both object stores: broken lines, killed gateways, rivals. */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { mkdtemp, readdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../client.js';
import { createApiKey } from '../api-key.js';
import { startSystem, waitReady, type TestSystem } from '@timbre/shared/testing/test-system';
import { freePort } from '@timbre/shared/testing/redis-server';
import { startS3Server, whyNoS3Server, type S3Server } from '@timbre/shared/testing/s3-server';

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const tusHeaders = { 'tus-resumable': '1.0.0' };

async function open(objectStoreUrl: string) {
  const keys = {
    ada: createApiKey(objectStoreUrl, 'ada'),
    bob: createApiKey(objectStoreUrl, 'bob'),
  };
  const system = await startSystem({ objectStoreUrl, env: { AUTH: 'keys', MAX_UPLOAD_BYTES: String(100 * MIB) } });
  return { system, keys };
}

const as = (key: string) => ({ ...tusHeaders, authorization: `Bearer ${key}` });

async function call(url: string, method: string, headers: Record<string, string>, body?: Uint8Array) {
  const response = await fetch(url, { method, headers, ...(body ? { body: Buffer.from(body) } : {}) });
  const text = await response.text();
  const problem = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {};
  return { status: response.status, code: problem.code, headers: response.headers };
}

async function begin(url: string, key: string, length: number): Promise<string> {
  const made = await call(`${url}/v1/uploads`, 'POST', { ...as(key), 'upload-length': String(length) });
  expect(made.status).toBe(201);
  return `${url}${made.headers.get('location') ?? ''}`;
}

const append = (upload: string, key: string, offset: number, body: Uint8Array, extra: Record<string, string> = {}) =>
  call(
    upload,
    'PATCH',
    { ...as(key), 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...extra },
    body,
  );

/** Runs a tus client to the end; the address of the upload. `onStored` may break it off. */
function runClient(bytes: Buffer, options: UploadOptions, onProgress?: (sent: number, client: Upload) => void) {
  return new Promise<string>((resolve, reject) => {
    const client: Upload = new Upload(bytes, {
      retryDelays: [200, 500, 1000, 2000, 4000, 8000],
      ...options,
      onProgress: (sent) => onProgress?.(sent, client),
      onSuccess: () => resolve(client.url ?? ''),
      onError: reject,
    });
    client.start();
  });
}

async function sha256OfJob(system: TestSystem, key: string, upload: string): Promise<unknown> {
  const source = { uploadId: upload.split('/').at(-1) };
  const job = await post(`${system.url}/v1/jobs`, JSON.stringify({ source, lane: 'bulk' }), {
    authorization: `Bearer ${key}`,
  });
  expect(job.status).toBe(202);
  return job.body['clip'];
}

const missingS3 = whyNoS3Server();

describe.each(['file', 's3'] as const)('a resumable upload to a %s store', (kind) => {
  let s3: S3Server | undefined;
  let system: TestSystem;
  let keys: { ada: string; bob: string };
  const bytes = randomBytes(64 * MIB + 12_345);
  const skip = kind === 's3' && missingS3 !== undefined;

  beforeAll(async () => {
    if (skip) return;
    if (kind === 's3') s3 = await startS3Server();
    ({ system, keys } = await open(s3?.url() ?? `file:${await mkdtemp(join(tmpdir(), 'timbre-tus-'))}`));
  });
  afterAll(async () => {
    if (skip) return;
    await system.stop();
    await s3?.stop();
  });
  const endpoint = () => ({ endpoint: `${system.url}/v1/uploads`, headers: { authorization: `Bearer ${keys.ada}` } });

  it.skipIf(skip)(
    'of 64 MiB that breaks off in the middle goes on where it was, and is byte for byte the file',
    async () => {
      const breakAt = 20 * MIB + 777;
      const url = await new Promise<string>((resolve) => {
        void runClient(bytes, { ...endpoint(), metadata: { filename: 'folder/take 7.wav' } }, (sent, client) => {
          if (sent > breakAt) void client.abort().then(() => resolve(client.url ?? ''));
        });
      });
      const offset = Number((await call(url, 'HEAD', as(keys.ada))).headers.get('upload-offset'));
      expect(offset).toBeGreaterThan(0);
      expect(offset).toBeLessThan(bytes.length);
      const starts: number[] = [];
      await runClient(bytes, { ...endpoint(), uploadUrl: url }, (sent) => starts.push(sent));
      expect(starts[0]).toBeGreaterThanOrEqual(offset);
      expect(await sha256OfJob(system, keys.ada, url)).toMatchObject({
        name: 'take 7.wav',
        bytes: bytes.length,
        sha256: sha256(bytes),
      });
    },
  );

  it.skipIf(skip)('F8: goes on after kill -9 of the gateway at a random byte', async () => {
    const killAt = Math.floor(Math.random() * 50 * MIB);
    let killed = false;
    const url = await runClient(bytes, endpoint(), (sent) => {
      if (killed || sent < killAt) return;
      killed = true;
      system.processes('gateway')[0]?.kill('SIGKILL');
    });
    expect(killed).toBe(true);
    await waitReady(system.url);
    expect(await sha256OfJob(system, keys.ada, url), `killed at ${killAt}`).toMatchObject({ sha256: sha256(bytes) });
  });

  it.skipIf(skip)('of nothing is finished at once', async () => {
    const url = await begin(system.url, keys.ada, 0);
    expect(await sha256OfJob(system, keys.ada, url)).toMatchObject({ bytes: 0, sha256: sha256(Buffer.alloc(0)) });
  });
});

describe('the rules of a resumable upload', () => {
  let system: TestSystem;
  let keys: { ada: string; bob: string };
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'timbre-tus-'));
    ({ system, keys } = await open(`file:${root}`));
  });
  afterAll(() => system.stop());
  const body = Buffer.from('0123456789');

  it('says what it can do', async () => {
    const { status, headers } = await call(`${system.url}/v1/uploads`, 'OPTIONS', as(keys.ada));
    expect([status, headers.get('tus-version'), headers.get('tus-max-size')]).toEqual([
      204,
      '1.0.0',
      String(100 * MIB),
    ]);
    expect(headers.get('tus-extension')).toContain('creation-with-upload');
  });

  it('refuses another version with 412, a length over the limit with 413 and one that is no number with 400', async () => {
    const make = (headers: Record<string, string>) =>
      call(`${system.url}/v1/uploads`, 'POST', { ...as(keys.ada), ...headers });
    expect(await make({ 'tus-resumable': '0.2.2', 'upload-length': '1' })).toMatchObject({
      status: 412,
      code: 'tus_version_unsupported',
    });
    expect(await make({ 'upload-length': String(100 * MIB + 1) })).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
    expect(await make({ 'upload-length': '-1' })).toMatchObject({ status: 400, code: 'invalid_parameter' });
  });

  it('takes the first bytes with the creation, and more than the length never', async () => {
    const made = await call(
      `${system.url}/v1/uploads`,
      'POST',
      { ...as(keys.ada), 'upload-length': '15', 'content-type': 'application/offset+octet-stream' },
      body,
    );
    expect([made.status, made.headers.get('upload-offset')]).toEqual([201, '10']);
    const upload = `${system.url}${made.headers.get('location') ?? ''}`;
    expect(await append(upload, keys.ada, 10, body)).toMatchObject({ status: 413, code: 'payload_too_large' });
    expect((await append(upload, keys.ada, 10, body.subarray(0, 5))).headers.get('upload-offset')).toBe('15');
  });

  it('answers 409 to a wrong offset and leaves the upload as it is', async () => {
    const upload = await begin(system.url, keys.ada, 20);
    await append(upload, keys.ada, 0, body);
    expect(await append(upload, keys.ada, 5, body)).toMatchObject({ status: 409, code: 'upload_offset_mismatch' });
    expect((await call(upload, 'HEAD', as(keys.ada))).headers.get('upload-offset')).toBe('10');
  });

  it('drops a body that does not fit its checksum with 460, and keeps one that does', async () => {
    const upload = await begin(system.url, keys.ada, 20);
    const sum = (content: Uint8Array) => ({
      'upload-checksum': `sha1 ${createHash('sha1').update(content).digest('base64')}`,
    });
    expect(await append(upload, keys.ada, 0, body, sum(Buffer.from('other')))).toMatchObject({
      status: 460,
      code: 'upload_checksum_mismatch',
    });
    expect((await call(upload, 'HEAD', as(keys.ada))).headers.get('upload-offset')).toBe('0');
    expect((await append(upload, keys.ada, 0, body, sum(body))).status).toBe(204);
  });

  it('does not exist for another tenant, whatever it asks', async () => {
    const upload = await begin(system.url, keys.ada, 10);
    expect((await call(upload, 'HEAD', as(keys.bob))).status).toBe(404);
    expect(await append(upload, keys.bob, 0, body)).toMatchObject({ status: 404, code: 'not_found' });
    expect(await call(upload, 'DELETE', as(keys.bob))).toMatchObject({ status: 404, code: 'not_found' });
    await append(upload, keys.ada, 0, body);
    const source = { uploadId: upload.split('/').at(-1) };
    const job = await post(`${system.url}/v1/jobs`, JSON.stringify({ source }), {
      authorization: `Bearer ${keys.bob}`,
    });
    expect(job).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('cannot be submitted before it is finished, nor after it was deleted', async () => {
    const upload = await begin(system.url, keys.ada, 20);
    await append(upload, keys.ada, 0, body);
    const submit = () =>
      post(`${system.url}/v1/jobs`, JSON.stringify({ source: { uploadId: upload.split('/').at(-1) } }), {
        authorization: `Bearer ${keys.ada}`,
      });
    expect((await submit()).status).toBe(404);
    await append(upload, keys.ada, 10, body);
    expect((await submit()).status).toBe(202);
    expect((await call(upload, 'DELETE', as(keys.ada))).status).toBe(204);
    expect((await submit()).status).toBe(404);
    expect((await call(upload, 'HEAD', as(keys.ada))).status).toBe(404);
  });

  it('answers 410 when nothing came for 24 hours', async () => {
    const upload = await begin(system.url, keys.ada, 20);
    await append(upload, keys.ada, 0, body);
    const folder = join(root, 'incoming', 'ada', upload.split('/').at(-1) ?? '');
    const longAgo = new Date(Date.now() - 24 * 3_600_000 - 1000);
    for (const name of await readdir(folder)) await utimes(join(folder, name), longAgo, longAgo);
    expect(await append(upload, keys.ada, 10, body)).toMatchObject({ status: 410, code: 'upload_expired' });
  });

  it('keeps what a hanging request has sent, and lets a newer one at another gateway take over', async () => {
    const port = await freePort();
    await system.add('gateway', { PORT: String(port) });
    const whole = randomBytes(300_000);
    const upload = await begin(system.url, keys.ada, whole.length);
    const elsewhere = upload.replace(system.url, `http://127.0.0.1:${port}`);
    const headers = { ...as(keys.ada), 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    const answer = new Promise<number>((resolve, reject) => {
      const hanging = request(upload, { method: 'PATCH', headers: { ...headers, 'content-length': whole.length } });
      hanging.once('response', (response) => resolve(response.resume().statusCode ?? 0)).once('error', reject);
      hanging.write(whole.subarray(0, 200_000));
    });
    // The newcomer asks only once the first has the upload.
    await expect.poll(() => readdir(join(root, '.tmp'))).not.toEqual([]);
    const offset = Number((await call(elsewhere, 'HEAD', as(keys.ada))).headers.get('upload-offset'));
    expect(await answer).toBe(423);
    expect(offset).toBeGreaterThan(0);
    expect(offset).toBeLessThanOrEqual(200_000);
    expect((await append(elsewhere, keys.ada, offset, whole.subarray(offset))).status).toBe(204);
    expect(await sha256OfJob(system, keys.ada, upload)).toMatchObject({ sha256: sha256(whole) });
  });

  it('is cut with 408 when nothing comes for 10 seconds, and keeps what came', async () => {
    const upload = await begin(system.url, keys.ada, 300_000);
    const headers = { ...as(keys.ada), 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    const status = await new Promise<number>((resolve, reject) => {
      const stalled = request(upload, { method: 'PATCH', headers: { ...headers, 'content-length': 300_000 } });
      stalled.once('response', (response) => resolve(response.resume().statusCode ?? 0)).once('error', reject);
      stalled.write(randomBytes(1000));
    });
    expect(status).toBe(408);
    expect((await call(upload, 'HEAD', as(keys.ada))).headers.get('upload-offset')).toBe('1000');
  });

  it('ends as the file when two clients write it at the same time', async () => {
    const whole = randomBytes(24 * MIB);
    const upload = await begin(system.url, keys.ada, whole.length);
    const options = { uploadUrl: upload, headers: { authorization: `Bearer ${keys.ada}` }, chunkSize: 3 * MIB };
    const endpoint = `${system.url}/v1/uploads`;
    const ends = await Promise.allSettled([1, 2].map(() => runClient(whole, { ...options, endpoint })));
    expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await sha256OfJob(system, keys.ada, upload)).toMatchObject({ sha256: sha256(whole) });
  });
});
