/** Keys, scopes and tenants: nobody sees or touches what is not theirs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipForm, post, sample } from '../client.js';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';

const key = (objectStoreUrl: string, tenant: string, scopes: string, ...args: string[]): string => {
  const out = execFileSync(
    process.execPath,
    [join(root, 'cli/dist/main.js'), 'keys', 'create', '--tenant', tenant, '--scopes', scopes, '--json', ...args],
    { env: { ...process.env, OBJECT_STORE_URL: objectStoreUrl }, encoding: 'utf8' },
  );
  return (JSON.parse(out) as { presented: string }).presented;
};

let system: TestSystem;
let bytes: Uint8Array;
const keys: Record<string, string> = {};
let jobId: string;

beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
  const objectStoreUrl = `file:${await mkdtemp(join(tmpdir(), 'timbre-tenants-'))}`;
  keys['ada'] = key(objectStoreUrl, 'ada', 'submit,read');
  keys['bob'] = key(objectStoreUrl, 'bob', 'submit,read');
  keys['reader'] = key(objectStoreUrl, 'ada', 'read');
  system = await startSystem({ objectStoreUrl, env: { AUTH: 'keys' } });
  const { body } = await post(`${system.url}/v1/classify`, await clipForm({ name: 'a.wav', bytes }), as('ada'));
  jobId = String(body['id']);
});
afterAll(() => system.stop());

const as = (who: string): Record<string, string> => ({ authorization: `Bearer ${keys[who] ?? who}` });
const ask = async (method: string, path: string, who?: string) => {
  const response = await fetch(`${system.url}${path}`, { method, headers: who === undefined ? {} : as(who) });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
};

describe('API keys', () => {
  const routes: [string, () => string][] = [
    ['GET', () => '/v1/jobs'],
    ['POST', () => '/v1/jobs'],
    ['GET', () => `/v1/jobs/${jobId}`],
    ['DELETE', () => `/v1/jobs/${jobId}`],
    ['GET', () => `/v1/jobs/${jobId}/events`],
    ['POST', () => `/v1/jobs/${jobId}/retry`],
    ['POST', () => '/v1/classify'],
    ['POST', () => '/predict_instrument'],
    ['GET', () => '/v1/models'],
    ['POST', () => '/v1/uploads/presign'],
  ];

  it.each(routes)('%s %s refuses no key, an unknown key and a malformed one', async (method, path) => {
    expect(await ask(method, path())).toMatchObject({ status: 401, body: { code: 'auth_missing' } });
    for (const wrong of [`ak_${'0'.repeat(16)}_${'A'.repeat(43)}`, 'nonsense', `${keys['ada']?.slice(0, -1) ?? ''}~`])
      expect(await ask(method, path(), wrong)).toMatchObject({ status: 401, body: { code: 'auth_invalid' } });
  });

  it.each(['POST /v1/jobs', 'POST /v1/classify', 'POST /predict_instrument', 'POST /v1/uploads/presign'])(
    '%s refuses a key that may only read',
    async (call) => {
      const [method, path] = call.split(' ') as [string, string];
      expect(await ask(method, path, 'reader')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    },
  );

  it("answers another tenant's job exactly as one that does not exist", async () => {
    const calls: [string, string][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/events'],
      ['POST', '/retry'],
    ];
    for (const [method, tail] of calls) {
      const foreign = await ask(method, `/v1/jobs/${jobId}${tail}`, 'bob');
      const absent = await ask(method, `/v1/jobs/j${'0'.repeat(32)}${tail}`, 'bob');
      expect(foreign.status, `${method} ${tail}`).toBe(404);
      const strip = ({ body: { requestId: _r, instance: _i, ...rest } }: typeof foreign) => rest;
      expect(strip(foreign)).toEqual(strip(absent));
    }
    expect((await ask('GET', `/v1/jobs/${jobId}`, 'ada')).status).toBe(200);
    expect((await ask('GET', '/v1/jobs', 'bob')).body['jobs']).toEqual([]);
    expect((await ask('GET', '/v1/jobs', 'reader')).body['jobs']).toHaveLength(1);
  });

  it('one Idempotency-Key of two tenants makes two jobs', async () => {
    const ids = await Promise.all(
      ['ada', 'bob'].map(async (who) => {
        const answer = await post(`${system.url}/v1/jobs`, await clipForm({ name: 'k.wav', bytes }), {
          ...as(who),
          'idempotency-key': 'same',
        });
        expect(answer.status).toBe(202);
        return answer.body['id'];
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('health, readiness and documents need no key; metrics and queues are not on the public listener', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/v1/limits'])
      expect((await ask('GET', path)).status, path).toBe(200);
    for (const path of ['/metrics', '/queues']) expect((await ask('GET', path)).status, path).toBe(404);
  });

  it('the queue board asks for a key of scope admin', async () => {
    const admin = system.processes('gateway')[0]?.adminUrl ?? '';
    expect((await fetch(`${admin}/queues`)).status).toBe(401);
    expect((await fetch(`${admin}/queues`, { headers: as('ada') })).status).toBe(403);
  });
});

describe('starting', () => {
  it('refuses an address that is not loopback without any key', { timeout: 70_000 }, () => {
    const run = spawnSync(process.execPath, [join(root, 'services/gateway/dist/main.js')], {
      env: { PATH: process.env['PATH'], HOST: '0.0.0.0', PORT: '0', DATA_DIR: join(tmpdir(), 'timbre-no-keys') },
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('timbre keys create');
  });
});
