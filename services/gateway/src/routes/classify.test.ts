import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobSpec, JobView } from '@timbre/shared/contracts/job';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { createJobEvents } from '@timbre/shared/queue/job-events';
import { acceptedView } from '@timbre/shared/queue/job-record';
import { createLedger } from '@timbre/shared/queue/ledger';
import { createRedis, type Redis } from '@timbre/shared/queue/redis-connection';
import { createObjectStore } from '@timbre/shared/storage/create-object-store';
import { outcomeKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { startTestRedis, type TestRedis } from '@timbre/shared/testing/redis-server';
import { errorHandler } from '../http/error-handler.js';
import { contextOf, requestContext } from '../http/request-context.js';
import type { AcceptClip, Accepted } from '../jobs/accept-clip.js';
import { createJobReader } from '../jobs/job-reader.js';
import { createTenantQuota } from '../limits/tenant-quota.js';
import { classifyRoutes } from './classify.js';

const log = createLogger({ service: 'gateway', level: 'silent' });
let dataDir: string;
let redisServer: TestRedis;
let redis: Redis;
let subscriber: Redis;
let store: ObjectStore;
let http: Server;
/** What the next call accepts, as if the clip had come in. */
let accepted: Accepted;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'timbre-classify-'));
  store = createObjectStore({ url: undefined, dataDir });
  redisServer = await startTestRedis();
  redis = createRedis(redisServer.url, 'call', log);
  subscriber = createRedis(redisServer.url, 'subscriber', log);
  const ledger = createLedger(redis);
  const accept: AcceptClip = async (_request, _response, options) => {
    await options?.beforeSubmit?.(accepted.jobId);
    return accepted;
  };
  const metrics = createMetrics('gateway');
  const streams = createTenantQuota({ limit: 10, what: 'streams' });
  const app = express()
    .use(requestContext(log, metrics))
    .use((request, _response, next) => {
      contextOf(request).principal = { keyId: 'local', tenant: 'local', scopes: ['submit', 'read'] };
      next();
    })
    .use(
      classifyRoutes({
        ledger,
        events: createJobEvents(subscriber),
        accept,
        reader: createJobReader(ledger, store),
        streams,
        metrics,
      }),
    )
    .use(errorHandler(log, metrics));
  http = app.listen(0, '127.0.0.1');
  await once(http, 'listening');
});
afterAll(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
  redis.disconnect();
  subscriber.disconnect();
  await redisServer.stop();
  await store.close();
  await rm(dataDir, { recursive: true });
});

const spec: JobSpec = {
  v: 1,
  id: `j${'0'.repeat(31)}1`,
  tenant: 'local',
  lane: 'interactive',
  model: 'm',
  modelDigest: 'sha256:m',
  featureDigest: 'sha256:f',
  features: { version: 1, sampleRateHz: 16000, crop: { kind: 'head', seconds: 1 }, transform: { kind: 'waveform' } },
  name: 'a.wav',
  source: { key: 'jobs/local/a/audio', bytes: 10, sha256: 'x' },
  createdAtMs: 0,
  deadlineAtMs: 60_000,
  expiresAtMs: 60_000,
  estimatedSeconds: 2,
  uploadSeconds: 0,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

async function classify(waitSeconds: number): Promise<{ status: number; view: JobView }> {
  const { port } = http.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/v1/classify?waitSeconds=${waitSeconds}`, { method: 'POST' });
  return { status: response.status, view: (await response.json()) as JobView };
}

describe('/v1/classify', () => {
  it('answers a repeated request at once when its job ended and has left Redis', async () => {
    const finished: JobView = { ...acceptedView(spec), state: 'canceled', finishedAt: new Date(1000).toISOString() };
    await store.put(outcomeKey(spec), Buffer.from(JSON.stringify(finished)));
    accepted = { jobId: spec.id, spec: undefined, replayed: true };
    const started = performance.now();
    expect(await classify(30)).toEqual({ status: 200, view: finished });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('answers 202 with the id of an accepted job while Redis does not answer', async () => {
    accepted = { jobId: spec.id, spec, replayed: false };
    process.kill(redisServer.pid, 'SIGSTOP');
    try {
      expect(await classify(3)).toMatchObject({ status: 202, view: { id: spec.id, state: 'queued' } });
    } finally {
      process.kill(redisServer.pid, 'SIGCONT');
    }
  });
});
