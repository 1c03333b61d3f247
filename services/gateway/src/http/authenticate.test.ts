import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import type { KeyStore } from '@timbre/shared/auth/api-keys';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { authenticate, type AuthOptions } from './authenticate.js';
import { errorHandler } from './error-handler.js';
import { contextOf, requestContext } from './request-context.js';

const log = createLogger({ service: 'gateway', level: 'silent' });
const metrics = createMetrics('gateway');
const keys = { authenticate: async () => ({ keyId: 'k', tenant: 'acme', scopes: ['read'] }) } as unknown as KeyStore;
let server: Server;

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function ask(options: Partial<AuthOptions>, headers: Record<string, string>) {
  server = express()
    .use(requestContext(log, metrics), authenticate({ mode: 'none', keys, hosts: ['timbre.test'], ...options }))
    .use((request, response) => void response.json(contextOf(request).principal))
    .use(errorHandler(log, metrics))
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(httpRequest({ port, headers }).end(), 'response')) as [IncomingMessage];
  const body = JSON.parse(Buffer.concat((await response.toArray()) as Buffer[]).toString('utf8')) as unknown;
  return { status: response.statusCode, body };
}

describe('a gateway without keys', () => {
  it.each([{}, { host: 'timbre.test:8080' }, { host: 'localhost', origin: 'http://127.0.0.1:5173' }])(
    'answers a program of this machine: %o',
    async (headers) => {
      expect(await ask({}, headers)).toMatchObject({ status: 200, body: { tenant: 'local' } });
    },
  );

  it.each([{ host: 'rebound.example' }, { origin: 'https://elsewhere.example' }, { origin: 'null' }])(
    'refuses other names and other origins: %o',
    async (headers) => {
      expect(await ask({}, headers)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    },
  );

  it.each(['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP'])(
    'refuses what came through a proxy, told by %s, and says what to do',
    async (name) => {
      const { status, body } = await ask({}, { [name]: '203.0.113.9' });
      expect([status, body]).toMatchObject([403, { code: 'forbidden', detail: expect.stringContaining('AUTH=keys') }]);
    },
  );

  it('answers anybody when it was told to be open', async () => {
    expect((await ask({ hosts: null }, { host: 'any.example', via: '1.1 proxy' })).status).toBe(200);
  });
});

describe('a gateway with keys', () => {
  it('answers through a proxy, under any name', async () => {
    const headers = { 'x-api-key': 'k', host: 'any.example', 'x-forwarded-for': '203.0.113.9' };
    expect(await ask({ mode: 'keys' }, headers)).toMatchObject({ status: 200, body: { tenant: 'acme' } });
  });
});
