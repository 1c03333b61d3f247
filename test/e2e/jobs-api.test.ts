/** The jobs API as a developer meets it: wait, list, follow, cancel, run again, deadlines. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobEvent, JobView } from '@timbre/shared/contracts/job';
import { audit } from '../audit.js';
import { clipForm, finished, post, sample, submit } from '../client.js';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';

let system: TestSystem;
let bytes: Uint8Array;
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
  system = await startSystem({ env: { TIMBRE_TEST_FAULTS: 'slow:slow,hang:hang' } });
});
afterAll(() => system.stop());

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${system.url}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

/** Parses a whole event stream, which must end by itself. */
async function events(
  id: string,
  headers: Record<string, string> = {},
): Promise<{ id: number; event: string; data: JobEvent }[]> {
  const text = await (await fetch(`${system.url}/v1/jobs/${id}/events`, { headers })).text();
  return text.split('\n\n').flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const data = field('data');
    return data === undefined
      ? []
      : [{ id: Number(field('id')), event: field('event') ?? '', data: JSON.parse(data) as JobEvent }];
  });
}

describe('jobs', () => {
  it('answers 202 with Location, then holds GET until the end', async () => {
    const accepted = await post(`${system.url}/v1/jobs`, await clipForm({ name: 'slow.wav', bytes }));
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('location')).toBe(`/v1/jobs/${String(accepted.body['id'])}`);
    expect(accepted.body['state']).toBe('queued');
    const { body } = await get(`/v1/jobs/${String(accepted.body['id'])}?waitSeconds=20`);
    expect(body['state']).toBe('succeeded');
  });

  it('streams queued, preprocessing, inferring, succeeded, and ends with the job itself', async () => {
    const { id } = await submit(system.url, { name: 'slow.wav', bytes });
    const seen = await events(id);
    expect(seen.map(({ id: seq, event, data }) => [seq, event, data.state])).toEqual([
      [1, 'state', 'queued'],
      [2, 'state', 'preprocessing'],
      [3, 'state', 'inferring'],
      [4, 'end', 'succeeded'],
    ]);
    expect(seen.at(-1)?.data.job?.result?.label).toBe('violin');
  });

  it('resumes a stream after Last-Event-ID, and repeats the end to one who has seen it', async () => {
    const { id } = await submit(system.url, { name: 'a.wav', bytes });
    await finished(system.url, id);
    expect((await events(id, { 'last-event-id': '2' })).map(({ id: seq }) => seq)).toEqual([3, 4]);
    const again = await events(id, { 'last-event-id': '4' });
    expect(again.map(({ event, data }) => [event, data.job?.state])).toEqual([['end', 'succeeded']]);
  });

  it('lists newest first, filtered, in pages of 2', async () => {
    const names = ['p1.wav', 'p2.wav', 'p3.wav'];
    for (const name of names) await finished(system.url, (await submit(system.url, { name, bytes })).id);
    const first = await get('/v1/jobs?limit=2&state=succeeded');
    const second = await get(`/v1/jobs?limit=2&state=succeeded&cursor=${String(first.body['nextCursor'])}`);
    const listed = [first, second].flatMap(({ body }) => (body['jobs'] as JobView[]).map(({ clip }) => clip.name));
    expect(listed.slice(0, 3)).toEqual(['p3.wav', 'p2.wav', 'p1.wav']);
    expect((await get('/v1/jobs?state=failed')).body['jobs']).toEqual([]);
  });

  it('F34: cancels a running job within a second, and nothing it does later counts', async () => {
    const { id } = await submit(system.url, { name: 'hang.wav', bytes });
    await expect
      .poll(async () => (await get(`/v1/jobs/${id}`)).body['state'], { timeout: 10_000 })
      .toBe('preprocessing');
    const answer = await fetch(`${system.url}/v1/jobs/${id}`, { method: 'DELETE' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ state: 'canceled' });
    const busy = async () =>
      (await system.metrics('preprocess')).get(
        'timbre_task_duration_seconds_count{stage="preprocess",lane="interactive",outcome="ended_elsewhere"}',
      );
    await expect.poll(busy, { timeout: 5000 }).toBe(1);
    const view = (await get(`/v1/jobs/${id}`)).body as unknown as JobView;
    expect(await audit(system, [{ id, seen: [], view }], new Map())).toEqual([]);
  });

  it('refuses to cancel what has ended, and runs a canceled one again as a new job', async () => {
    const { id } = await submit(system.url, { name: 'hang.wav', bytes });
    await fetch(`${system.url}/v1/jobs/${id}`, { method: 'DELETE' });
    const done = await finished(system.url, (await submit(system.url, { name: 'b.wav', bytes })).id);
    expect((await fetch(`${system.url}/v1/jobs/${done.id}`, { method: 'DELETE' })).status).toBe(409);
    const retried = await post(`${system.url}/v1/jobs/${id}/retry`, '{}');
    expect(retried).toMatchObject({ status: 202, body: { retryOf: id } });
    await fetch(`${system.url}/v1/jobs/${String(retried.body['id'])}`, { method: 'DELETE' });
  });

  it('expires a job that is not done by its deadline of 1 second', async () => {
    const { id } = await submit(system.url, { name: 'hang.wav', bytes }, { deadlineSeconds: '1' });
    expect(await finished(system.url, id)).toMatchObject({ state: 'expired', error: { code: 'deadline_exceeded' } });
  });

  it('classify answers 202 when the clip takes longer than the wait', async () => {
    const { status, body } = await post(
      `${system.url}/v1/classify?waitSeconds=0.2`,
      await clipForm({ name: 'slow.wav', bytes }),
    );
    expect(status).toBe(202);
    expect(await finished(system.url, String(body['id']))).toMatchObject({ state: 'succeeded' });
  });

  it('takes a clip through a signed upload URL that is good for exactly its length', async () => {
    const made = await post(
      `${system.url}/v1/uploads/presign`,
      JSON.stringify({ bytes: bytes.length, contentType: 'audio/wav' }),
    );
    expect(made.status).toBe(201);
    const put = (body: Uint8Array) =>
      fetch(String(made.body['url']), {
        method: 'PUT',
        body: Buffer.from(body),
        headers: { 'content-type': 'audio/wav' },
      });
    expect((await put(bytes.slice(1))).status).toBe(403);
    expect((await put(bytes)).status).toBe(200);
    const job = await post(
      `${system.url}/v1/jobs`,
      JSON.stringify({ source: { uploadId: made.body['uploadId'] }, name: 'signed.wav' }),
    );
    expect(job.status).toBe(202);
    expect(await finished(system.url, String(job.body['id']))).toMatchObject({
      state: 'succeeded',
      clip: { name: 'signed.wav' },
      result: { label: 'violin' },
    });
  });
});
