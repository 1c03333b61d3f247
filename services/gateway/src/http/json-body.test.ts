import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { errorHandler } from './error-handler.js';
import { jsonBody } from './json-body.js';
import { requestContext } from './request-context.js';

const log = createLogger({ service: 'gateway', level: 'silent' });
const metrics = createMetrics('gateway');
let server: Server;

beforeEach(async () => {
  server = express()
    .use(requestContext(log, metrics))
    .post('/', jsonBody({ timeoutMs: 200 }), (request, response) => {
      request.resume();
      request.once('end', () => void response.json(request.body ?? null));
      if (request.complete) response.json(request.body);
    })
    .use(errorHandler(log, metrics))
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(type: string, length: number): ClientRequest {
  const { port } = server.address() as AddressInfo;
  const call = httpRequest({ port, method: 'POST', headers: { 'content-type': type, 'content-length': length } });
  call.flushHeaders();
  return call;
}

async function answerOf(call: ClientRequest): Promise<{ status: number | undefined; headers: object; body: unknown }> {
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks = (await response.toArray()) as Buffer[];
  return {
    status: response.statusCode,
    headers: response.headers,
    body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
  };
}

describe('a JSON body', () => {
  it('that is not whole after its 200 ms is answered 408, and its connection closed', async () => {
    const call = open('application/json', 100);
    const drip = setInterval(() => call.write(' '), 20);
    try {
      expect(await answerOf(call)).toMatchObject({
        status: 408,
        headers: { connection: 'close' },
        body: { code: 'request_timeout', details: { limitSeconds: 0.2 } },
      });
    } finally {
      clearInterval(drip);
      call.destroy();
    }
  });

  it('that comes in time is parsed', async () => {
    const call = open('application/json', 7);
    call.end('{"a":1}');
    expect(await answerOf(call)).toMatchObject({ status: 200, body: { a: 1 } });
  });

  it('has nothing to do with other content, which may take longer', async () => {
    const call = open('audio/wav', 2);
    call.write('a');
    const started = performance.now();
    const end = setTimeout(() => call.end('b'), 400);
    expect(await answerOf(call)).toMatchObject({ status: 200, body: null });
    clearTimeout(end);
    expect(performance.now() - started).toBeGreaterThan(350);
  });
});
