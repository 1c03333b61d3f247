/** One machine, two tenants: an archive does not hold up whoever comes after it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { createApiKey } from '../api-key.js';
import { tarOf } from '../archive.js';

let system: TestSystem;
const keys: Record<string, string> = {};

beforeAll(async () => {
  const objectStoreUrl = `file:${await mkdtemp(join(tmpdir(), 'timbre-fair-'))}`;
  for (const tenant of ['big', 'small']) keys[tenant] = createApiKey(objectStoreUrl, tenant);
  system = await startSystem({ objectStoreUrl, env: { AUTH: 'keys' } });
});
afterAll(() => system.stop());

async function call(tenant: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${keys[tenant]}` };
  return fetch(`${system.url}/v1/batches${path}`, { ...init, headers });
}

async function submit(tenant: string, clips: number, first: number): Promise<string> {
  const body = new Uint8Array(await tarOf(clips, { first }));
  const response = await call(tenant, '', { method: 'POST', body, headers: { 'content-type': 'application/x-tar' } });
  return ((await response.json()) as BatchView).id;
}

const view = async (tenant: string, id: string) => (await (await call(tenant, `/${id}`)).json()) as BatchView;

async function ended(tenant: string, id: string): Promise<BatchView> {
  for (;;) {
    const now = await view(tenant, id);
    if (now.finishedAt !== undefined) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it(
  'ends 50 clips of a second tenant while the first has most of its 4,000 still to come',
  { timeout: 120_000 },
  async () => {
    const big = await submit('big', 4000, 0);
    while ((await view('big', big)).clips.succeeded < 32) await new Promise((resolve) => setTimeout(resolve, 50));
    const before = (await view('big', big)).clips.succeeded;
    const small = await submit('small', 50, 50_000);
    expect((await ended('small', small)).state).toBe('succeeded');
    const meanwhile = (await view('big', big)).clips.succeeded - before;
    // First come, first served would be 3,900 and more; two slices by turns and what was handed out already are about 700.
    expect(meanwhile).toBeLessThan(1500);
    expect((await call('small', `/${big}`)).status).toBe(404);
    expect((await call('small', `/${big}/results`)).status).toBe(404);
    expect((await call('small', `/${big}/cancel`, { method: 'POST' })).status).toBe(404);
    expect((await call('big', `/${big}/cancel`, { method: 'POST' })).status).toBe(202);
  },
);
