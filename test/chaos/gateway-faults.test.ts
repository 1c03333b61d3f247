/** Faults around the gateway (F8, F9, F10): half uploads, crashes between steps, clients that send again. */
import { request } from 'node:http';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { audit } from '../audit.js';
import { clipForm, finished, post, sample, submit } from '../client.js';
import { startSystem, waitReady, type TestSystem } from '@timbre/shared/testing/test-system';

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
});

async function objects(system: TestSystem, prefix: string): Promise<string[]> {
  const entries = await readdir(join(system.dataDir, 'objects', prefix), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('uploads and submissions', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.stop());

  it('F8: a gateway killed in the middle of an upload leaves no object', async () => {
    const url = new URL(`${system.url}/v1/jobs`);
    const upload = request(url, {
      method: 'POST',
      headers: { 'content-type': 'audio/wav', 'content-length': 10_000_000 },
    });
    upload.on('error', () => undefined);
    await new Promise((resolve) => upload.write(Buffer.alloc(3_000_000), resolve));
    system.processes('gateway')[0]?.kill('SIGKILL');
    await waitReady(system.url);
    upload.destroy();
    expect(await objects(system, 'jobs')).toEqual([]);
    const view = await finished(system.url, (await submit(system.url, { name: 'next.wav', bytes })).id);
    expect(view.state).toBe('succeeded');
  });

  it('a client that goes away in the middle of an upload leaves no object', async () => {
    const before = await objects(system, 'jobs');
    // What the killed gateway had begun stays until the hourly sweep finds it a day old.
    const begun = await objects(system, '.tmp');
    const upload = request(`${system.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'audio/wav', 'content-length': 1_000_000 },
    });
    upload.on('error', () => undefined);
    await new Promise((resolve) => upload.write(Buffer.alloc(300_000), resolve));
    upload.destroy();
    await expect.poll(() => objects(system, '.tmp')).toEqual(begun);
    expect(await objects(system, 'jobs')).toEqual(before);
  });

  it('F10: 40 equal posts with one Idempotency-Key make one job; another body is refused', async () => {
    const send = async (content: Uint8Array) =>
      post(`${system.url}/v1/jobs`, await clipForm({ name: 'once.wav', bytes: content }), {
        'idempotency-key': 'take-3',
      });
    const answers = await Promise.all(Array.from({ length: 40 }, () => send(bytes)));
    const accepted = answers.filter(({ status }) => status === 202);
    expect(new Set(accepted.map(({ body }) => body['id'])).size).toBe(1);
    expect(new Set(answers.filter(({ status }) => status !== 202).map(({ body }) => body['code']))).toEqual(
      new Set(['idempotency_in_progress']),
    );
    const again = await send(bytes);
    expect([again.status, again.body['id'], again.headers.get('idempotency-replayed')]).toEqual([
      202,
      accepted[0]?.body['id'],
      'true',
    ]);
    expect(await send(bytes.slice(0, 1000))).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
  });
});

describe('F9: a gateway killed between two steps of a submission', () => {
  it.each(['clip-stored', 'job-recorded', 'task-added'])(
    'at %s: what was recorded runs, what was not leaves the caller without an answer',
    async (point) => {
      const system = await startSystem({ env: { TIMBRE_TEST_FAULTS: `exit:${point}` } });
      try {
        await expect(submit(system.url, { name: 'a.wav', bytes })).rejects.toThrow();
        await waitReady(system.url);
        const list = async () => ((await (await fetch(`${system.url}/v1/jobs`)).json()) as { jobs: JobView[] }).jobs;
        const jobs = await list();
        expect(jobs.length).toBe(point === 'clip-stored' ? 0 : 1);
        const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
        expect(views.every(({ state }) => state === 'succeeded')).toBe(true);
        expect(
          await audit(
            system,
            views.map((view) => ({ id: view.id, seen: [], view })),
            new Map(),
          ),
        ).toEqual([]);
      } finally {
        await system.stop();
      }
    },
    90_000,
  );
});
