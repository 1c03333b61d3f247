import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { toAppError } from '@timbre/shared/errors';
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { sendProblem } from '../http/problem.js';
import { contextOf, requestContext } from '../http/request-context.js';
import { createAuthFailureLimit } from './auth-failure-limit.js';
import { networkOf } from './client-key.js';
import { createRateLimit } from './rate-limit.js';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

const asProblem: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) next(error);
  else sendProblem(response, toAppError(error), 'r', '/');
};

/** Takes the key from the `x-api-key` header: absent is an open gateway, `bad…` is refused with 401. */
const identify: RequestHandler = (request, response, next) => {
  const key = request.get('x-api-key');
  if (key?.startsWith('bad')) return void response.status(401).end();
  contextOf(request).principal = { keyId: key ?? 'local', tenant: 't', scopes: ['read'] };
  next();
};

async function start(...handlers: RequestHandler[]): Promise<number> {
  const app = express().set('trust proxy', true);
  const silent = { debug: () => undefined } as unknown as Logger;
  app.use(requestContext(silent, { httpSeconds: { observe: () => undefined } } as unknown as Metrics));
  app.use(...handlers, (_request, response) => void response.end('answered'));
  app.use(asProblem);
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function ask(port: number, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const [response] = (await once(httpRequest({ port, headers }).end(), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

describe('the rate limit', () => {
  it('says on every answer what is left, and on the 4th of 3 when to come back', async () => {
    const port = await start(identify, createRateLimit({ perSecond: 2, burst: 3, now: () => 5000 }));
    const answers = [await ask(port), await ask(port), await ask(port), await ask(port)];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers['ratelimit'])).toEqual([
      '"default";r=2;t=1',
      '"default";r=1;t=1',
      '"default";r=0;t=1',
      '"default";r=0;t=1',
    ]);
    expect(answers.every(({ headers }) => headers['ratelimit-policy'] === '"default";q=3;w=2')).toBe(true);
    expect(answers.map(({ headers }) => headers['retry-after'])).toEqual([undefined, undefined, undefined, '1']);
    expect(answers[3]!.headers['content-type']).toContain('application/problem+json');
  });

  it('counts each key for itself, and each address while the gateway is open', async () => {
    const port = await start(identify, createRateLimit({ perSecond: 1, burst: 1, now: () => 5000 }));
    const statuses: unknown[] = [];
    for (const headers of [
      { 'x-api-key': 'a', 'x-forwarded-for': '192.0.2.1' },
      { 'x-api-key': 'a', 'x-forwarded-for': '192.0.2.2' },
      { 'x-api-key': 'b', 'x-forwarded-for': '192.0.2.1' },
      { 'x-forwarded-for': '192.0.2.1' },
      { 'x-forwarded-for': '192.0.2.1' },
      { 'x-forwarded-for': '192.0.2.2' },
    ])
      statuses.push((await ask(port, headers)).statusCode);
    expect(statuses).toEqual([200, 429, 200, 200, 429, 200]);
  });
});

describe('the limit of failed authentication', () => {
  it('stops an address after 2 refused keys, other addresses not, and lets it go on a second later', async () => {
    let nowMs = 5000;
    const limit = createAuthFailureLimit({ perSecond: 1, burst: 2, now: () => nowMs });
    const port = await start(limit, identify);
    const from = (address: string, key: string) => ask(port, { 'x-forwarded-for': address, 'x-api-key': key });
    for (const key of ['bad-1', 'bad-2']) expect((await from('192.0.2.1', key)).statusCode).toBe(401);
    const refused = await from('192.0.2.1', 'new');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '1']);
    expect((await from('192.0.2.2', 'new')).statusCode).toBe(200);
    nowMs += 1000;
    expect((await from('192.0.2.1', 'newer')).statusCode).toBe(200);
  });

  it('lets a key pass that was let in before, whatever another client at its address does', async () => {
    const port = await start(createAuthFailureLimit({ perSecond: 1, burst: 2, now: () => 5000 }), identify);
    const from = async (key: string) => (await ask(port, { 'x-api-key': key })).statusCode;
    const statuses: unknown[] = [];
    for (const key of ['good', 'bad-1', 'bad-2', 'bad-3', 'good', 'good']) statuses.push(await from(key));
    expect(statuses).toEqual([200, 401, 401, 429, 200, 200]);
  });

  it('no longer knows a key that was refused since', async () => {
    const port = await start(
      createAuthFailureLimit({ perSecond: 1, burst: 2, now: () => 5000 }),
      (request, response, next) => {
        if (request.get('x-revoked') !== undefined) return void response.status(401).end();
        identify(request, response, next);
      },
    );
    const statuses: unknown[] = [];
    for (const headers of [{}, { 'x-revoked': '1' }, { 'x-api-key': 'bad' }, {}])
      statuses.push((await ask(port, { 'x-api-key': 'good', ...headers })).statusCode);
    expect(statuses).toEqual([200, 401, 401, 429]);
  });

  it('never counts what was let in: 500 good requests pass a limit of 2', async () => {
    const port = await start(createAuthFailureLimit({ perSecond: 1, burst: 2, now: () => 5000 }), identify);
    for (let count = 0; count < 500; count++) expect((await ask(port, { 'x-api-key': 'good' })).statusCode).toBe(200);
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:bbbb:1:2:3', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('takes %s for %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
