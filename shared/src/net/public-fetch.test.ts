import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket, type TcpNetConnectOpts } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { EventEmitter, once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAppError, type AppError } from '../errors.js';
import type { Resolve } from './address-guard.js';
import { createPublicFetch, type PublicFetchOptions } from './public-fetch.js';
import { createSelfSignedCertificate } from './testing/self-signed-certificate.js';
import { literalCorpus, loopbackSpellings, poisonedAnswers } from './testing/ssrf-corpus.js';

const servers: Server[] = [];
const sockets = new Set<Socket>();

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

const answering = (addresses: readonly string[]): Resolve => {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (!isAppError(error)) throw error;
  return error;
}

/** A fetch that may go to this machine, as closed networks configure it. */
const openFetch = (options: Partial<PublicFetchOptions> = {}) =>
  createPublicFetch({ allowPrivate: true, maxBytes: 1 << 20, totalTimeoutMs: 10_000, ...options });

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createHttpServer(listener))}`;
}

describe('an address that is not public', () => {
  const canary = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).destroy();
  });
  let connections = 0;
  let port = 0;
  let guarded: ReturnType<typeof createPublicFetch>;
  const guardedFetch = (options: Partial<PublicFetchOptions>) =>
    createPublicFetch({ allowPrivate: false, maxBytes: 1000, totalTimeoutMs: 2000, allowedPorts: [port], ...options });

  beforeAll(async () => {
    canary.listen(0, '127.0.0.1');
    await once(canary, 'listening');
    port = (canary.address() as AddressInfo).port;
    guarded = guardedFetch({ resolve: answering(['127.0.0.1']) });
  });
  afterAll(async () => {
    await new Promise((resolve) => canary.close(resolve));
  });

  it('is refused in more than 450 spellings, by reading and by fetching, with 0 connections to the canary', async () => {
    const urls = literalCorpus(port);
    expect(new Set(urls).size).toBeGreaterThan(450);
    connections = 0;
    for (const url of urls) {
      expect(() => guarded.checkUrl(url), url).toThrow(expect.objectContaining({ code: 'url_forbidden' }));
      expect((await failureOf(guarded.fetchStream(url))).code, url).toBe('url_forbidden');
    }
    expect(connections).toBe(0);
  });

  it('is refused in more than 120 answers of a resolver, mixed with public ones too, with 0 connections', async () => {
    expect(poisonedAnswers.length).toBeGreaterThan(120);
    connections = 0;
    for (const addresses of poisonedAnswers) {
      const { fetchStream } = guardedFetch({ resolve: answering(addresses) });
      const error = await failureOf(fetchStream(`https://clips.example:${port}/`));
      expect(error, addresses.join()).toMatchObject({ code: 'url_forbidden', details: { reason: 'address' } });
      expect(JSON.stringify([error.message, error.details])).not.toContain(addresses[0] || 'clips.example');
    }
    expect(connections).toBe(0);
  });

  it('is reached in at least 130 of the same spellings when private addresses are allowed, so the canary can sing', async () => {
    connections = 0;
    const { fetchStream } = openFetch();
    for (const host of loopbackSpellings) await failureOf(fetchStream(`http://${host}:${port}/`));
    expect(connections).toBeGreaterThanOrEqual(130);
  });

  it('is not reached by a name that rebinds: it is resolved once and only the judged address is dialled', async () => {
    connections = 0;
    let lookups = 0;
    const rebinding: Resolve = async () => [{ address: lookups++ === 0 ? '93.184.216.34' : '127.0.0.1', family: 4 }];
    const dialled: string[] = [];
    // Looks the name up as the socket would, twice, and goes nowhere.
    const dial = (options: TcpNetConnectOpts) => {
      options.lookup!('clips.example', { all: true }, (_error, found) => dialled.push(JSON.stringify(found)));
      return connect({ ...options, lookup: undefined as never, host: '127.0.0.1', port });
    };
    const error = await failureOf(
      guardedFetch({ resolve: rebinding, dial }).fetchStream(`https://clips.example:${port}/`),
    );
    expect(dialled).toEqual([JSON.stringify([{ address: '93.184.216.34', family: 4 }])]);
    expect(lookups).toBe(1);
    expect(error).toMatchObject({ code: 'url_forbidden', details: { reason: 'address' } });
  });

  it('is left before the first byte when the connected peer turns out to be one', async () => {
    let received = 0;
    const nosy = createServer((socket) => {
      socket.on('data', (chunk) => (received += chunk.length)).on('error', () => undefined);
      socket.on('close', () => nosy.emit('left'));
    });
    const nosyPort = await listen(nosy);
    const left = once(nosy, 'left');
    const { fetchStream } = guardedFetch({
      resolve: answering(['93.184.216.34']),
      dial: () => connect({ host: '127.0.0.1', port: nosyPort }),
    });
    expect((await failureOf(fetchStream(`https://clips.example:${port}/`))).code).toBe('url_forbidden');
    await left;
    expect(received).toBe(0);
  });
});

describe('the port rule', () => {
  const rules = { maxBytes: 1, totalTimeoutMs: 1000 };

  it('is 443 alone by default', () => {
    const { checkUrl } = createPublicFetch({ ...rules, allowPrivate: false });
    expect(checkUrl('https://clips.example/a.wav?x=1#part').href).toBe('https://clips.example/a.wav?x=1');
    expect(checkUrl('https://clips.example:443/').port).toBe('');
    expect(() => checkUrl('https://clips.example:8443/')).toThrow(
      expect.objectContaining({ code: 'url_forbidden', details: { reason: 'port', allowed: [443] } }),
    );
  });

  it('is lifted with private addresses unless ports are named', () => {
    expect(createPublicFetch({ ...rules, allowPrivate: true }).checkUrl('http://nas:8080/a.wav').port).toBe('8080');
    const { checkUrl } = createPublicFetch({ ...rules, allowPrivate: true, allowedPorts: [80] });
    expect(() => checkUrl('http://nas:8080/a.wav')).toThrow(expect.objectContaining({ code: 'url_forbidden' }));
  });
});

describe('fetchStream', () => {
  it('streams a body with its declared length and type', async () => {
    const content = Buffer.alloc(300_000, 7);
    let seen: Record<string, unknown> = {};
    const base = await serve((request, response) => {
      seen = { url: request.url, host: request.headers.host, encoding: request.headers['accept-encoding'] };
      response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': content.length }).end(content);
    });
    const fetched = await openFetch().fetchStream(`${base}/a%20b.wav?x=1#y`);
    expect(fetched).toMatchObject({ contentLength: 300_000, contentType: 'audio/wav' });
    expect((await buffer(fetched.body)).equals(content)).toBe(true);
    expect(seen).toEqual({ url: '/a%20b.wav?x=1', host: new URL(base).host, encoding: 'identity' });
  });

  it('speaks TLS to the resolved address and verifies the host name', async () => {
    const { key, cert } = createSelfSignedCertificate('clips.example');
    const server = createHttpsServer({ key, cert }, (request, response) => response.end(request.headers.host));
    const port = await listen(server);
    const resolve = answering(['127.0.0.1']);
    const trusting = openFetch({ resolve, ca: cert });
    const { body } = await trusting.fetchStream(`https://clips.example:${port}/`);
    expect((await buffer(body)).toString()).toBe(`clips.example:${port}`);
    const wrongName = await failureOf(trusting.fetchStream(`https://other.example:${port}/`));
    expect(wrongName).toMatchObject({
      code: 'url_unreachable',
      details: { systemCode: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    const distrusting = await failureOf(openFetch({ resolve }).fetchStream(`https://clips.example:${port}/`));
    expect(distrusting).toMatchObject({ code: 'url_unreachable', details: { reason: 'connection' } });
  });

  it('follows no redirect, to wherever it leads', async () => {
    let requests = 0;
    const base = await serve((request, response) => {
      requests++;
      const status = Number(request.url?.slice(1));
      response.writeHead(status, { location: 'http://127.0.0.1/' }).end();
    });
    for (const status of [300, 301, 302, 303, 304, 307, 308])
      expect(await failureOf(openFetch().fetchStream(`${base}/${status}`))).toMatchObject({
        code: 'url_redirected',
        details: { status },
      });
    expect(requests).toBe(7);
  });

  it.each([201, 204, 206, 400, 401, 404, 429, 500, 503])('takes status %i for unreachable', async (status) => {
    const base = await serve((_request, response) => response.writeHead(status).end());
    expect(await failureOf(openFetch().fetchStream(base))).toMatchObject({
      code: 'url_unreachable',
      details: { reason: 'status', status },
    });
  });

  it('takes a compressed answer it did not ask for as unreachable', async () => {
    const base = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    expect(await failureOf(openFetch().fetchStream(base))).toMatchObject({
      code: 'url_unreachable',
      details: { reason: 'encoding' },
    });
  });

  it('fails with url_unreachable for a closed port, a failing resolver and a name without an address', async () => {
    const server = createServer();
    const port = await listen(server);
    await close(server);
    expect(await failureOf(openFetch().fetchStream(`http://127.0.0.1:${port}/`))).toMatchObject({
      code: 'url_unreachable',
      retryable: true,
      details: { systemCode: 'ECONNREFUSED' },
    });
    const failing: Resolve = () => Promise.reject(new Error('SERVFAIL'));
    for (const resolve of [failing, answering([])])
      expect(await failureOf(openFetch({ resolve }).fetchStream('http://clips.example/'))).toMatchObject({
        code: 'url_unreachable',
        details: { reason: 'resolve' },
      });
  });

  it.each([
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
    ['has 20 KiB of headers', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_480)}\r\n\r\n`],
    ['declares two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    ['ends at once', ''],
  ])('fails with url_unreachable when the answer %s', async (_title, answer) => {
    const port = await listen(
      createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end(answer),
      ),
    );
    expect((await failureOf(openFetch().fetchStream(`http://127.0.0.1:${port}/`))).code).toBe('url_unreachable');
  });

  it('refuses 1001 declared bytes over a limit of 1000 before reading them', async () => {
    const base = await serve((_request, response) => response.writeHead(200, { 'content-length': 1001 }).write('x'));
    expect(await failureOf(openFetch({ maxBytes: 1000 }).fetchStream(base))).toMatchObject({
      code: 'url_too_large',
      details: { limit: 1000, observed: 1001 },
    });
  });

  it('cuts an undeclared body at the limit and lets exactly 1000 bytes through', async () => {
    const base = await serve((request, response) => response.end(Buffer.alloc(Number(request.url?.slice(1)))));
    const { fetchStream } = openFetch({ maxBytes: 1000 });
    const exact = await fetchStream(`${base}/1000`);
    expect((await buffer(exact.body)).length).toBe(1000);
    const endless = await serve((_request, response) => {
      const more = () => void response.write(Buffer.alloc(700), () => response.writable && more());
      more();
    });
    const { body, contentLength } = await fetchStream(endless);
    expect(contentLength).toBeUndefined();
    expect((await failureOf(buffer(body))).code).toBe('url_too_large');
  });

  it('fails with url_unreachable when the body is shorter than declared', async () => {
    const base = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half', () => response.socket?.destroy());
    });
    const { body } = await openFetch().fetchStream(base);
    expect((await failureOf(buffer(body))).code).toBe('url_unreachable');
  });

  it('waits 100 ms for headers, even when the host sends some of them all the time', async () => {
    const port = await listen(
      createServer((socket) => {
        socket.on('error', () => undefined).write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('x: y\r\n'), 10);
        socket.on('close', () => clearInterval(drip));
      }),
    );
    const silent = await serve(() => undefined);
    for (const url of [`http://127.0.0.1:${port}/`, silent])
      expect(await failureOf(openFetch({ headersTimeoutMs: 100 }).fetchStream(url))).toMatchObject({
        code: 'url_unreachable',
        details: { reason: 'timeout', limitMs: 100 },
      });
  });

  it('counts the resolver into the 100 ms', async () => {
    const never: Resolve = () => new Promise(() => undefined);
    const { fetchStream } = openFetch({ resolve: never, headersTimeoutMs: 100 });
    expect(await failureOf(fetchStream('http://clips.example/'))).toMatchObject({ details: { reason: 'timeout' } });
  });

  it('cuts a trickle of 1 byte every 10 ms under a rule of 1024 B/s, and one that passes the rule at the total deadline', async () => {
    const base = await serve((_request, response) => {
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    });
    const slow = await openFetch({ rateWindowMs: 100 }).fetchStream(base);
    expect(await failureOf(buffer(slow.body))).toMatchObject({ code: 'url_unreachable', details: { reason: 'slow' } });
    const late = await openFetch({ minBytesPerSecond: 1, totalTimeoutMs: 200 }).fetchStream(base);
    expect(await failureOf(buffer(late.body))).toMatchObject({
      code: 'url_unreachable',
      details: { reason: 'timeout', limitMs: 200 },
    });
  });

  it('ends a body nobody reads at the deadline of 100 ms, without an unhandled error', async () => {
    const hungUp: Promise<unknown>[] = [];
    const base = await serve((request, response) => {
      hungUp.push(once(request.socket, 'close'));
      response.write('x');
    });
    const { body } = await openFetch({ totalTimeoutMs: 100 }).fetchStream(base);
    await Promise.all(hungUp);
    expect(body.errored).toMatchObject({ code: 'url_unreachable', details: { reason: 'timeout' } });
  });

  it('ends with the reason of the signal, before, during and after the headers, and hangs up', async () => {
    const reason = new Error('canceled');
    await expect(openFetch().fetchStream('http://127.0.0.1:1/', AbortSignal.abort(reason))).rejects.toBe(reason);

    const hungUp: Promise<unknown>[] = [];
    const asked = new EventEmitter();
    const base = await serve((request, response) => {
      hungUp.push(once(request.socket, 'close'));
      if (request.url === '/body') response.write('x');
      asked.emit('request');
    });
    const beforeHeaders = new AbortController();
    const started = once(asked, 'request');
    const waiting = openFetch().fetchStream(base, beforeHeaders.signal);
    const failed = expect(waiting).rejects.toBe(reason);
    await started;
    beforeHeaders.abort(reason);
    await failed;
    const afterHeaders = new AbortController();
    const { body } = await openFetch().fetchStream(`${base}/body`, afterHeaders.signal);
    afterHeaders.abort(reason);
    await expect(buffer(body)).rejects.toBe(reason);
    const { body: unread } = await openFetch().fetchStream(`${base}/body`);
    unread.destroy();
    await Promise.all(hungUp);
    expect(hungUp).toHaveLength(3);
  });
});
