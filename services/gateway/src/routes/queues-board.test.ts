import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import type { KeyStore, Principal } from '@timbre/shared/auth/api-keys';
import { createLogger } from '@timbre/shared/observability/logger';
import { createRedis, type Redis } from '@timbre/shared/queue/redis-connection';
import { createTaskQueues, type TaskQueues } from '@timbre/shared/queue/task-queues';
import { startTestRedis, type TestRedis } from '@timbre/shared/testing/redis-server';
import type { AuthMode } from '../http/authenticate.js';
import { queuesBoard } from './queues-board.js';

let redisServer: TestRedis;
let redis: Redis;
let queues: TaskQueues;
let server: Server;

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = createRedis(redisServer.url, 'call', createLogger({ service: 'gateway', level: 'silent' }));
  queues = createTaskQueues(redis);
});
afterAll(async () => {
  await queues.close();
  redis.disconnect();
  await redisServer.stop();
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const scopesOf: Record<string, Principal['scopes']> = { boss: ['admin'], reader: ['read'] };
const keys = {
  authenticate: async (key: string) => {
    const scopes = scopesOf[key];
    if (!scopes) throw new AppError('auth_invalid');
    return { keyId: key, tenant: 'acme', scopes };
  },
} as unknown as KeyStore;

async function ask(mode: AuthMode, headers: Record<string, string>): Promise<number | undefined> {
  server = createServer(queuesBoard(queues, { mode, keys, hosts: [] })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const call = httpRequest({ port, path: '/queues/api/queues', headers }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

describe('the queue board', () => {
  it.each([
    ['a program of this machine', 200, {}],
    ['a name that was bent to this machine', 403, { host: 'rebound.example' }],
    ['a page of another origin', 403, { origin: 'https://elsewhere.example' }],
    ['a proxy on this machine', 403, { 'x-forwarded-for': '203.0.113.9' }],
  ])('without keys answers %s with %i', async (_who, status, headers) => {
    expect(await ask('none', { ...headers })).toBe(status);
  });

  it.each([
    [200, { 'x-api-key': 'boss' }],
    [200, { 'x-api-key': 'boss', host: 'queues.example' }],
    [403, { 'x-api-key': 'reader' }],
    [401, { 'x-api-key': 'nobody' }],
    [401, {}],
  ])('with keys answers %i to %o', async (status, headers) => {
    expect(await ask('keys', { ...headers })).toBe(status);
  });
});
