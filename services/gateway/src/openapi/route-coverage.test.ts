import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express, RequestHandler } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { createApp, type AppDeps } from '../app.js';
import { documentRoutes } from '../routes/documents.js';
import { buildOpenApiDocument, operations } from './document.js';

const document = buildOpenApiDocument({ serverUrl: 'http://127.0.0.1:8080', version: '0.1.0' });
const pass: RequestHandler = (_request, _response, next) => next();

/** The real application over parts that do nothing: routes, authentication and error answers are what production has. */
function bareApp(): Express {
  const scopesOf: Record<string, readonly string[]> = {
    none: [],
    submit: ['submit'],
    read: ['read'],
    admin: ['admin'],
  };
  const deps = {
    log: createLogger({ service: 'gateway', level: 'silent' }),
    metrics: createMetrics('gateway'),
    store: {},
    models: { list: () => [], get: () => undefined, problems: () => [] },
    keys: {
      authenticate: async (key: string) => {
        const scopes = scopesOf[key];
        if (!scopes) throw new AppError('auth_invalid');
        return { keyId: key, tenant: 'acme', scopes };
      },
    },
    jobs: {},
    batches: {},
    classify: { streams: {} },
    resumable: {},
    webhooks: {},
    sessions: {},
    jobContent: {},
    admin: {},
    readiness: async () => ({ ready: true, checks: {} }),
    authFailureLimit: pass,
    rateLimit: pass,
    documents: documentRoutes({ document }),
    settings: {
      authMode: 'keys',
      hosts: null,
      trustProxy: undefined,
      corsOrigins: [],
      defaultModel: undefined,
      maxFileBytes: 1000,
      maxUploadBytes: 1000,
      minUploadBytesPerSecond: 0,
      signingSecret: 'a secret of the tests',
      clipSeconds: 3600,
      limits: {},
    },
  };
  return createApp(deps as unknown as AppDeps);
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  rawPath?: string;
  handle: { stack?: Layer[] };
}

/** `METHOD /path` of every route below a router, as Express holds them. */
function routesOf(stack: readonly Layer[], base = ''): string[] {
  return stack.flatMap((layer) => {
    if (layer.route) {
      const { path, methods } = layer.route;
      const verbs = Object.keys(methods).filter((method) => method !== '_all');
      return verbs.map((method) => `${method} ${base}${path === '/' && base !== '' ? '' : path}`);
    }
    const mount = layer.rawPath === '/' ? '' : (layer.rawPath ?? '');
    return layer.handle.stack ? routesOf(layer.handle.stack, `${base}${mount}`) : [];
  });
}

/** Express writes `:id` and `{*key}` where OpenAPI writes `{id}` and `{key}`. */
const asDocumented = (route: string) => route.replace(/\{\*(\w+)\}/g, '{$1}').replace(/:(\w+)/g, '{$1}');

describe('the API document and the routes of the application', () => {
  const served = routesOf((bareApp().router as unknown as { stack: Layer[] }).stack).map(asDocumented);
  const documented = Object.entries(document.paths ?? {}).flatMap(([path, calls]) =>
    Object.keys(calls as object).map((method) => `${method} ${path}`),
  );

  it('finds the routes at all', () => {
    expect(served).toContain('post /v1/jobs');
    expect(served.length).toBeGreaterThan(15);
  });

  it('leaves no route out of the document', () => {
    expect(served.filter((route) => !documented.includes(route))).toEqual([]);
  });

  it('documents no call that does not exist', () => {
    expect(documented.filter((route) => !served.includes(route))).toEqual([]);
  });
});

describe('permission as documented', () => {
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    server = createServer(bareApp());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function call({ method, path }: { method: string; path: string }, key?: string) {
    const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
    const response = await fetch(`${origin}${path.replace(/\{\w+\}/g, 'x')}`, {
      method: method.toUpperCase(),
      headers,
    });
    const body = await response.text();
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
    return {
      status: response.status,
      problem: isProblem && body !== '' ? (JSON.parse(body) as Record<string, unknown>) : undefined,
    };
  }

  const hasBody = ({ method }: { method: string }) => method !== 'head';
  const keyed = operations.filter(({ scope }) => scope !== null);
  const open = operations.filter(({ scope }) => scope === null);

  it.each(keyed)('$operationId answers 401 auth_missing without a key', async (operation) => {
    const problem = { code: 'auth_missing' };
    expect(await call(operation)).toMatchObject({ status: 401, ...(hasBody(operation) ? { problem } : {}) });
  });

  it.each(keyed)('$operationId answers 403 to a key without the scope $scope, and names it', async (operation) => {
    const problem = { code: 'forbidden', details: { scope: operation.scope } };
    expect(await call(operation, 'none')).toMatchObject({ status: 403, ...(hasBody(operation) ? { problem } : {}) });
  });

  it.each(keyed)('$operationId lets a key with the scope $scope through', async (operation) => {
    expect([401, 403]).not.toContain((await call(operation, String(operation.scope))).status);
  });

  it.each(open)('$operationId asks for no key', async (operation) => {
    expect((await call(operation)).status).not.toBe(401);
  });

  it.each(operations)('$operationId answers without a key with a status the document lists', async (operation) => {
    const { status } = await call(operation);
    const responses = document.paths![operation.path]![operation.method]!.responses as Record<string, unknown>;
    expect(Object.keys(responses)).toContain(String(status));
  });
});
