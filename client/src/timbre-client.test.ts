import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRetryAfter } from './api-error.js';
import { createTimbreClient } from './timbre-client.js';

const id = `j${'0'.repeat(32)}`;
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end(JSON.stringify(body));
const job = (state: string) => json(200, { id, state, attempts: 1, fieldOfTomorrow: true });
const dropConnection: Answer = (request) => void request.socket.destroy();

describe('createTimbreClient', () => {
  let server: Server;
  const seen: { request: IncomingMessage; body: string }[] = [];
  const waits: number[] = [];

  async function clientFor(answers: Answer[]) {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1');
        seen.push({ request, body });
        answers.shift()!(request, response, body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return createTimbreClient({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      apiKey: 'ak_test',
      retry: { sleep: async (ms) => void waits.push(ms), random: () => 0.5 },
    });
  }

  afterEach(async () => {
    seen.length = 0;
    waits.length = 0;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const clip = { name: 'ä take.wav', content: new Blob(['RIFFdata']), model: 'mfcc-cnn' };

  it('sends fields, then the file under the name `file`, with the key and an idempotency key', async () => {
    const client = await clientFor([job('queued')]);
    expect(await client.jobs.submit(clip)).toMatchObject({ id, state: 'queued' });
    const { request, body } = seen[0]!;
    expect(request.headers).toMatchObject({ authorization: 'Bearer ak_test' });
    expect(request.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/);
    expect(body.indexOf('name="model"')).toBeLessThan(body.indexOf('name="file"'));
    expect(body).toContain('RIFFdata');
  });

  it('waits the 3 and 7 seconds that 503 and 429 ask for, and keeps one idempotency key', async () => {
    const client = await clientFor([
      json(503, { code: 'queue_full' }, { 'retry-after': '3' }),
      json(429, { code: 'rate_limited' }, { 'retry-after': '7' }),
      job('queued'),
    ]);
    await client.jobs.submit(clip);
    expect(waits).toEqual([3000, 7000]);
    expect(new Set(seen.map(({ request }) => request.headers['idempotency-key'])).size).toBe(1);
  });

  it('tries a dropped connection again after half of 200 and half of 400 ms', async () => {
    const client = await clientFor([dropConnection, dropConnection, job('queued')]);
    await client.jobs.submit(clip);
    expect(waits).toEqual([100, 200]);
  });

  it('gives up after 12 tries with the code of the last answer', async () => {
    const client = await clientFor(Array.from({ length: 12 }, () => json(503, { code: 'queue_full', detail: 'full' })));
    await expect(client.jobs.submit(clip)).rejects.toMatchObject({ code: 'queue_full', status: 503, message: 'full' });
    expect(seen).toHaveLength(12);
  });

  it('does not try a refused clip again', async () => {
    const client = await clientFor([json(413, { code: 'payload_too_large', requestId: 'r1' })]);
    await expect(client.jobs.submit(clip)).rejects.toMatchObject({ code: 'payload_too_large', requestId: 'r1' });
    expect(seen).toHaveLength(1);
  });

  it('names an answer that is no problem document by its status', async () => {
    const client = await clientFor([(_request, response) => void response.writeHead(404).end('<html>')]);
    await expect(client.jobs.get(id)).rejects.toMatchObject({ code: 'http_404' });
  });

  it('asks with waitSeconds=30 until the job has ended', async () => {
    const client = await clientFor([job('queued'), job('inferring'), job('failed')]);
    expect(await client.jobs.wait(id)).toMatchObject({ state: 'failed' });
    expect(seen.map(({ request }) => request.url)).toEqual(Array(3).fill(`/v1/jobs/${id}?waitSeconds=30`));
  });

  it('stops at an abort without another try', async () => {
    const controller = new AbortController();
    const client = await clientFor([() => controller.abort(new Error('enough'))]);
    await expect(client.jobs.wait(id, { signal: controller.signal })).rejects.toThrow('enough');
    expect(seen).toHaveLength(1);
  });

  it('refuses a 200 that is not a job', async () => {
    const client = await clientFor([json(200, { hello: 'world' })]);
    await expect(client.jobs.get(id)).rejects.toThrow('the answer is not a job: {"hello":"world"}');
  });
});

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('reads %j as %j seconds', (value, seconds) => {
    expect(parseRetryAfter(value, Date.UTC(2026, 10, 22, 12))).toBe(seconds);
  });
});
