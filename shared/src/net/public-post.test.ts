import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPublicPost } from './public-post.js';
import { literalCorpus, poisonedAnswers } from './testing/ssrf-corpus.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(listener: RequestListener): Promise<{ url: string; connections: () => number }> {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => (connections += 1));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1`, connections: () => connections };
}

const message = { headers: { 'webhook-id': 'msg_1' }, body: '{"ü":1}' };

describe('post', () => {
  it('sends body, length and headers, and answers with the status', async () => {
    const seen: unknown[] = [];
    const { url } = await listen((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        seen.push([
          request.method,
          request.url,
          request.headers['webhook-id'],
          request.headers['content-length'],
          text,
        ]);
        response.writeHead(204).end();
      });
    });
    expect(await createPublicPost({ allowPrivate: true }).post(url, message)).toEqual({ status: 204 });
    expect(seen).toEqual([['POST', '/hook?a=1', 'msg_1', '8', '{"ü":1}']]);
  });

  it('follows no redirect, and tells Retry-After', async () => {
    const { url, connections } = await listen((_request, response) =>
      response.writeHead(302, { location: '/elsewhere', 'retry-after': '7' }).end(),
    );
    const answer = await createPublicPost({ allowPrivate: true }).post(url, message);
    expect(answer).toEqual({ status: 302, retryAfterSeconds: 7 });
    expect(connections()).toBe(1);
  });

  it('gives up on a receiver that does not answer in time', async () => {
    const { url } = await listen(() => undefined);
    await expect(createPublicPost({ allowPrivate: true, timeoutMs: 200 }).post(url, message)).rejects.toMatchObject({
      code: 'url_unreachable',
      details: { reason: 'timeout' },
    });
  });

  it('does not read an endless answer to its end', async () => {
    let written = 0;
    const { url } = await listen((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384;
      };
      response.on('drain', more);
      more();
    });
    expect(await createPublicPost({ allowPrivate: true }).post(url, message)).toEqual({ status: 200 });
    const open = () => new Promise((resolve) => servers[0]?.getConnections((_error, count) => resolve(count)));
    await expect.poll(open).toBe(0);
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  it('connects to nothing that is not public: more than 450 spellings and 120 answers of a resolver', async () => {
    const { connections, url } = await listen((_request, response) => response.end());
    const port = Number(new URL(url).port);
    const guarded = (addresses: readonly string[]) =>
      createPublicPost({
        allowPrivate: false,
        allowedPorts: [port, 443],
        resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      });
    const refused = { code: 'url_forbidden' };
    for (const forbidden of literalCorpus(port))
      await expect(guarded(['127.0.0.1']).post(forbidden, message), forbidden).rejects.toMatchObject(refused);
    for (const addresses of poisonedAnswers)
      await expect(guarded(addresses).post(`https://hooks.example:${port}/`, message)).rejects.toMatchObject(refused);
    expect(connections()).toBe(0);
  });
});
