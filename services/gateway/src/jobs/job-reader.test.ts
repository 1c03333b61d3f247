import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { createLogger } from '@timbre/shared/observability/logger';
import { createLedger } from '@timbre/shared/queue/ledger';
import { ledgerKeys } from '@timbre/shared/queue/ledger-keys';
import { createRedis, type Redis } from '@timbre/shared/queue/redis-connection';
import { createObjectStore } from '@timbre/shared/storage/create-object-store';
import { outcomeKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { startTestRedis, type TestRedis } from '@timbre/shared/testing/redis-server';
import { createJobReader } from './job-reader.js';

const principal = { keyId: 'local', tenant: 'local', scopes: ['read'] } as const;
const idOf = (index: number) => `j${index.toString(16).padStart(32, '0')}`;
let dataDir: string;
let server: TestRedis;
let redis: Redis;
let store: ObjectStore;
let reading = 0;
let readings: number[] = [];

/** 150 jobs that ended and have left Redis but for its index; every third failed. */
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'timbre-reader-'));
  server = await startTestRedis();
  redis = createRedis(server.url, 'call', createLogger({ service: 'gateway', level: 'silent' }));
  const files = createObjectStore({ url: undefined, dataDir });
  store = {
    ...files,
    async readAll(...args) {
      readings.push((reading += 1));
      try {
        return await files.readAll(...args);
      } finally {
        reading -= 1;
      }
    },
  };
  for (let index = 1; index <= 150; index += 1) {
    const id = idOf(index);
    const at = new Date(index * 1000).toISOString();
    const view: JobView = {
      id,
      state: index % 3 === 0 ? 'failed' : 'succeeded',
      lane: 'bulk',
      model: 'm',
      createdAt: at,
      clip: { name: `${index}.wav` },
      timings: { uploadSeconds: 0 },
      attempts: 1,
      deadlineAt: at,
      expiresAt: at,
    };
    await files.put(outcomeKey({ tenant: 'local', id }), Buffer.from(JSON.stringify(view)), { durability: 'volatile' });
    await redis.zadd(ledgerKeys.tenantJobs('local'), index * 1000, id);
  }
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await store.close();
  await rm(dataDir, { recursive: true });
});

const list = (filter: Parameters<ReturnType<typeof createJobReader>['list']>[1], limit: number, cursor?: string) => {
  readings = [];
  return createJobReader(createLedger(redis), store).list(principal, filter, limit, cursor);
};

describe('a list of jobs that have left Redis', () => {
  it('reads 16 of them at once, and keeps them newest first', async () => {
    const { jobs, nextCursor } = await list({ state: 'failed' }, 200);
    expect(jobs.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => idOf(150 - 3 * index)));
    expect(nextCursor).toBeNull();
    expect([readings.length, Math.max(...readings)]).toEqual([150, 16]);
  });

  it('reads no more than 15 beyond a page, and goes on where the page ended', async () => {
    const first = await list({}, 20);
    expect(readings).toHaveLength(32);
    const second = await list({}, 20, first.nextCursor ?? '');
    expect([...first.jobs, ...second.jobs].map(({ id }) => id)).toEqual(
      Array.from({ length: 40 }, (_, index) => idOf(150 - index)),
    );
  });
});
