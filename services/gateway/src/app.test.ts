import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Router, type RequestHandler } from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { createApp, type AppDeps } from './app.js';

const metrics = createMetrics('gateway');
const pass: RequestHandler = (_request, _response, next) => next();
let server: Server;

/** The real application over parts that know of no job. */
beforeAll(async () => {
  const deps = {
    log: createLogger({ service: 'gateway', level: 'silent' }),
    metrics,
    store: {},
    models: { list: () => [], get: () => undefined, problems: () => [] },
    jobs: {
      reader: {
        list: async () => ({ jobs: [], nextCursor: null }),
        requireView: () => Promise.reject(new AppError('not_found')),
      },
    },
    batches: {},
    resumable: {},
    webhooks: {},
    classify: {},
    readiness: async () => ({ ready: true, checks: {} }),
    authFailureLimit: pass,
    rateLimit: pass,
    documents: Router(),
    settings: { authMode: 'none', hosts: null, corsOrigins: [], limits: {} },
  };
  server = createApp(deps as unknown as AppDeps).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => metrics.httpSeconds.reset());

async function ask(method: string, path: string): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(httpRequest({ port, method, path }).end(), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'close');
}

async function labels(): Promise<string[]> {
  const { values } = await metrics.httpSeconds.get();
  return [...new Set(values.map(({ labels: { method, route, status } }) => `${method} ${route} ${status}`))].sort();
}

describe('the labels of timbre_http_request_duration_seconds', () => {
  it('are one for one route, however a client writes its path', async () => {
    for (const path of ['/v1/jobs', '/v1/jobs/', '/V1/jobs', '/v1/JOBS/', '/V1/Jobs?limit=3']) await ask('GET', path);
    expect(await labels()).toEqual(['GET /v1/jobs 200']);
  });

  it('name the route of a refused request in full', async () => {
    for (const path of ['/v1/jobs/1', '/V1/JOBS/2/', '/v1/jobs/%2e%2e']) await ask('GET', path);
    await ask('GET', '/v1/models/nope');
    expect(await labels()).toEqual(['GET /v1/jobs/:id 404', 'GET /v1/models/:id 404']);
  });

  it('are one for all paths that do not exist, and one for all methods we do not know', async () => {
    for (const path of ['/a', '/b/c', '/v1/jobs/1/2/3', '/v1/zzz']) await ask('GET', path);
    for (const method of ['PROPFIND', 'MKCOL', 'LOCK']) await ask(method, '/v1/classify');
    expect(await labels()).toEqual(['GET unmatched 404', 'other /v1/classify 405']);
  });
});
