/** Webhooks as a receiver meets them: failing, slow, gone, and never in doubt who wrote. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import tar from 'tar-stream';
import { Upload } from 'tus-js-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { createLogger } from '@timbre/shared/observability/logger';
import { createRedis, type Redis } from '@timbre/shared/queue/redis-connection';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { createApiKey } from '../api-key.js';
import { clipForm, finished, post, sample, submit } from '../client.js';
import { startReceiver, type Receiver, type Reply } from '../webhook-receiver.js';

const retries = Array.from({ length: 30 }, () => '0.2').join();
const open = { ALLOW_PRIVATE_URLS: 'true', WEBHOOK_RETRY_SECONDS: retries, MAX_UPLOADS_PER_TENANT: '1000' };
let bytes: Uint8Array;
const receivers: Receiver[] = [];
const receiver = async (reply: (path: string, nth: number) => Reply): Promise<Receiver> => {
  const made = await startReceiver(reply);
  receivers.push(made);
  return made;
};
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
});
afterEach(async () => {
  for (const made of receivers.splice(0)) await made.stop();
});

async function tarOf(files: Record<string, Uint8Array>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, content] of Object.entries(files)) pack.entry({ name }, Buffer.from(content));
  pack.finalize();
  return buffer(pack);
}

async function uploadByTus(url: string, content: Buffer, filename: string): Promise<{ uploadId: string }> {
  const upload = await new Promise<string>((resolve, reject) => {
    const client: Upload = new Upload(content, {
      endpoint: `${url}/v1/uploads`,
      metadata: { filename },
      chunkSize: 100_000,
      onSuccess: () => resolve(client.url ?? ''),
      onError: reject,
    });
    client.start();
  });
  return { uploadId: upload.split('/').at(-1) ?? '' };
}

/** What becomes true within 30 seconds. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 30_000 });

const get = async (url: string, headers: Record<string, string> = {}) =>
  (await (await fetch(url, { headers })).json()) as Record<string, unknown>;
const messageOf = (body: string) => JSON.parse(body) as { type: string; url: string; data: JobView };
const stateOf = async (system: TestSystem, id: string) => {
  const { deliveries } = await get(`${system.url}/v1/webhooks/deliveries?subject=${id}`);
  return (deliveries as { state: string; tries: number; attempts: { status?: number }[] }[])[0];
};

describe('a webhook', () => {
  let system: TestSystem;
  let secret: string;
  beforeAll(async () => {
    system = await startSystem({ env: { ...open, TIMBRE_TEST_FAULTS: 'hang:hang' } });
    secret = String((await get(`${system.url}/v1/webhooks/secret`))['secret']);
  });
  afterAll(() => system.stop());

  it('G11: of each of 40 jobs reaches a receiver that fails half of the time, signed, repeats under the same id', async () => {
    const failures: Reply[] = [500, 503, 302, 'reset', 404];
    const { url, received } = await receiver((_path, nth) => {
      const failure = failures[nth % failures.length] ?? 500;
      return Math.random() < 0.5 ? failure : 200;
    });
    const jobs = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        submit(system.url, { name: `${index}.wav`, bytes }, { webhookUrl: `${url}/hook/${index}` }),
      ),
    );
    const delivered = () => new Set(received.filter(({ status }) => status === 200).map(({ path }) => path));
    await eventually(() => delivered().size).toBe(40);
    const verifier = new Webhook(secret);
    for (const { path, headers, body } of received) {
      const job = jobs[Number(path.split('/').at(-1))];
      expect(headers['webhook-id']).toBe(`msg_${job?.id ?? ''}`);
      verifier.verify(body, headers);
    }
    const message = messageOf(received.find(({ path }) => path === '/hook/7')?.body ?? '');
    expect(message).toMatchObject({ type: 'job.succeeded', url: `${system.url}/v1/jobs/${jobs[7]?.id ?? ''}` });
    expect(message.data).toEqual(await get(`${system.url}/v1/jobs/${jobs[7]?.id ?? ''}`));
    expect(received.filter(({ status }) => status !== 200).length).toBeGreaterThan(5);
    expect(received.filter(({ path }) => path === '/elsewhere')).toEqual([]);
  });

  it('tells of a failed, a canceled and a retried job too, given by form, query or JSON', async () => {
    const { url, received } = await receiver((path) => (path === '/clip.wav' ? 302 : 204));
    const noise = { name: 'notes.txt', bytes: Buffer.from('no audio at all, only words') };
    await submit(system.url, noise, { webhookUrl: `${url}/form` });
    await eventually(() => received.map(({ body }) => messageOf(body).type)).toEqual(['job.failed']);
    const raw = await fetch(`${system.url}/v1/jobs?webhookUrl=${encodeURIComponent(`${url}/query`)}`, {
      method: 'POST',
      headers: { 'content-type': 'audio/wav' },
      body: Buffer.from('RIFF'),
    });
    expect(raw.status).toBe(202);
    const failed = (await raw.json()) as JobView;
    await eventually(() => received.map(({ path }) => path)).toEqual(['/form', '/query']);
    await fetch(`${system.url}/v1/jobs/${failed.id}/retry`, { method: 'POST' });
    await eventually(() => received.map(({ path }) => path)).toEqual(['/form', '/query', '/query']);
    const body = { source: { uri: `${url}/clip.wav` }, webhookUrl: `${url}/json` };
    expect((await post(`${system.url}/v1/jobs`, JSON.stringify(body))).status).toBe(202);
    await eventually(() => received.map(({ path }) => path)).toContain('/json');
    const hanging = await submit(system.url, { name: 'hang.wav', bytes }, { webhookUrl: `${url}/canceled` });
    await fetch(`${system.url}/v1/jobs/${hanging.id}`, { method: 'DELETE' });
    await eventually(() =>
      received.filter(({ path }) => path === '/canceled').map(({ body }) => messageOf(body).type),
    ).toEqual(['job.canceled']);
  });

  it('ends at a receiver that answers 410, and is sent again when it is asked for', async () => {
    let gone = true;
    const { url, received } = await receiver(() => (gone ? 410 : 200));
    const job = await submit(system.url, { name: 'a.wav', bytes }, { webhookUrl: url });
    await eventually(() => stateOf(system, job.id)).toMatchObject({ state: 'disabled', tries: 1 });
    gone = false;
    const replay = await post(`${system.url}/v1/webhooks/deliveries/msg_${job.id}/replay`, '{}');
    expect(replay).toMatchObject({ status: 202, body: { state: 'pending', tries: 0 } });
    await expect
      .poll(() => stateOf(system, job.id))
      .toMatchObject({
        state: 'delivered',
        attempts: [{ status: 410 }, { status: 200 }],
      });
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([`msg_${job.id}`]));
  });

  it('is not held up by 60 others whose receiver never answers', async () => {
    const silent = await receiver(() => 'silent');
    const quick = await receiver(() => 200);
    const jobs = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        submit(system.url, { name: `${index}.wav`, bytes }, { webhookUrl: silent.url }),
      ),
    );
    await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
    await eventually(() => silent.received.length).toBeGreaterThan(0);
    const job = await submit(system.url, { name: 'quick.wav', bytes }, { webhookUrl: quick.url });
    await finished(system.url, job.id);
    await expect.poll(() => quick.received.length, { timeout: 5000 }).toBe(1);
  });

  it('is signed with the old secret too for a day after it was changed', async () => {
    const { url, received } = await receiver(() => 200);
    const rotated = await post(`${system.url}/v1/webhooks/secret`, '');
    expect(Date.parse(String(rotated.body['previousUntil'])) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    await submit(system.url, { name: 'a.wav', bytes }, { webhookUrl: url });
    await eventually(() => received.length).toBe(1);
    const [{ body, headers } = { body: '', headers: {} }] = received;
    for (const known of [secret, String(rotated.body['secret'])]) new Webhook(known).verify(body, headers);
    secret = String(rotated.body['secret']);
  });

  it('can be tried with a ping, which answers with what came back', async () => {
    const { url, received } = await receiver((path) => (path === '/down' ? 503 : 200));
    const test = (to: string) => post(`${system.url}/v1/webhooks/test`, JSON.stringify({ url: to }));
    expect(await test(`${url}/up`)).toMatchObject({ status: 200, body: { delivered: true, attempt: { status: 200 } } });
    expect((await test(`${url}/down`)).body).toMatchObject({ delivered: false, attempt: { status: 503 } });
    expect((await test('http://127.0.0.1:1/')).body).toMatchObject({
      delivered: false,
      attempt: { error: { code: 'url_unreachable' } },
    });
    expect(messageOf(received[0]?.body ?? '').type).toBe('ping');
    new Webhook(secret).verify(received[0]?.body ?? '', received[0]?.headers ?? {});
  });
});

describe('a webhook of a batch', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem({ env: open });
  });
  afterAll(() => system.stop());

  it('tells how the archive of a resumable upload ended, without its clips', async () => {
    const { url, received } = await receiver(() => 200);
    const archive = await tarOf({ 'a/violin.wav': bytes, 'b/notes.wav': Buffer.from('no audio at all') });
    const { uploadId } = await uploadByTus(system.url, archive, 'takes.tar');
    const accepted = await post(`${system.url}/v1/batches`, JSON.stringify({ source: { uploadId }, webhookUrl: url }));
    expect(accepted.status).toBe(202);
    await eventually(() => received.length).toBe(1);
    const { body, headers } = received[0]!;
    new Webhook(String((await get(`${system.url}/v1/webhooks/secret`))['secret'])).verify(body, headers);
    const id = String(accepted.body['id']);
    expect(headers['webhook-id']).toMatch(new RegExp(`^msg_${id}-[0-9a-z]+$`));
    expect(JSON.parse(body)).toMatchObject({
      type: 'batch.completed_with_errors',
      url: `${system.url}/v1/batches/${id}`,
      data: { id, name: 'takes.tar', clips: { total: 2, succeeded: 1, failed: 1 } },
    });
    await eventually(() => stateOf(system, id)).toMatchObject({ state: 'delivered', tries: 1 });
    const removed = await fetch(`${system.url}/v1/uploads/${uploadId}`, {
      method: 'DELETE',
      headers: { 'tus-resumable': '1.0.0' },
    });
    expect(removed.status).toBe(409);
  });
});

describe('a webhook whose gateway dies', () => {
  let system: TestSystem;
  let redis: Redis;
  afterEach(async () => {
    redis.disconnect();
    await system.stop();
  });
  const start = async (env: Record<string, string>) => {
    system = await startSystem({ env: { ...open, ...env } });
    redis = createRedis(system.redis.url, 'call', createLogger({ service: 'test', level: 'silent' }));
  };

  it('between the end of the job and the delivery is delivered by the next one', async () => {
    await start({ TIMBRE_TEST_FAULTS: 'slow:slow' });
    const { url, received } = await receiver(() => 200);
    const { id } = await submit(system.url, { name: 'slow.wav', bytes }, { webhookUrl: url });
    await system.processes('gateway')[0]?.terminate();
    await eventually(() => redis.hget(`timbre:job:${id}`, 'state')).toBe('succeeded');
    expect(await redis.zrangebyscore('timbre:webhooks:due', '-inf', '+inf')).toEqual([`local/${id}`]);
    expect(received).toEqual([]);
    await system.add('gateway');
    await eventually(() => received.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${id}`]);
    await eventually(() => redis.zcard('timbre:webhooks:due')).toBe(0);
  });

  it('after it was sent and before that was written down comes again under the same id', async () => {
    await start({});
    await system.processes('gateway')[0]?.terminate();
    const dying = await system.add('gateway', { TIMBRE_TEST_FAULTS: 'exit:webhook-sent' });
    const { url, received } = await receiver(() => 200);
    const { id } = await submit(system.url, { name: 'a.wav', bytes }, { webhookUrl: url });
    await eventually(() => received.length).toBe(1);
    await eventually(() => dying.restarts).toBeGreaterThan(0);
    await dying.terminate();
    await system.add('gateway');
    // The minute of the dead gateway's claim is over.
    await redis.zadd('timbre:webhooks:due', Date.now(), `local/${id}`);
    await eventually(() => received.map(({ headers }) => headers['webhook-id'])).toEqual([`msg_${id}`, `msg_${id}`]);
    await eventually(() => redis.zcard('timbre:webhooks:due')).toBe(0);
  });
});

describe('a webhook to a private address, and those of other tenants', () => {
  let system: TestSystem;
  const keys = { ada: '', bob: '' };
  beforeAll(async () => {
    const objectStoreUrl = `file:${await mkdtemp(join(tmpdir(), 'timbre-hooks-'))}`;
    keys.ada = createApiKey(objectStoreUrl, 'ada');
    keys.bob = createApiKey(objectStoreUrl, 'bob');
    system = await startSystem({ objectStoreUrl, env: { AUTH: 'keys' } });
  });
  afterAll(() => system.stop());
  const as = (who: keyof typeof keys) => ({ authorization: `Bearer ${keys[who]}` });

  it('are refused with 422 wherever the address is given, and nothing is sent there', async () => {
    const { url, received } = await receiver(() => 200);
    const refused = { status: 422, body: { code: 'url_forbidden' } };
    const form = await clipForm({ name: 'a.wav', bytes }, { webhookUrl: url });
    expect(await post(`${system.url}/v1/jobs`, form, as('ada'))).toMatchObject(refused);
    const inQuery = `${system.url}/v1/jobs?webhookUrl=${encodeURIComponent('https://169.254.169.254/latest')}`;
    expect(await post(inQuery, await clipForm({ name: 'a.wav', bytes }), as('ada'))).toMatchObject(refused);
    const json = JSON.stringify({ source: { uri: 'https://example.org/a.wav' }, webhookUrl: 'https://localhost/' });
    expect(await post(`${system.url}/v1/jobs`, json, as('ada'))).toMatchObject(refused);
    expect(await post(`${system.url}/v1/webhooks/test`, JSON.stringify({ url }), as('ada'))).toMatchObject(refused);
    expect(received).toEqual([]);
    expect(await get(`${system.url}/v1/jobs`, as('ada'))).toMatchObject({ jobs: [] });
  });

  it('do not exist for others, and each tenant has a secret of its own', async () => {
    const { id } = (await (
      await fetch(`${system.url}/v1/jobs?webhookUrl=https://hooks.example.invalid/`, {
        method: 'POST',
        headers: { ...as('ada'), 'content-type': 'audio/wav' },
        body: Buffer.from(bytes),
      })
    ).json()) as JobView;
    const list = async (who: keyof typeof keys) =>
      (await get(`${system.url}/v1/webhooks/deliveries?subject=${id}`, as(who)))['deliveries'];
    await expect
      .poll(() => list('ada'), { timeout: 20_000 })
      .toMatchObject([{ state: 'pending', attempts: [{ error: { code: 'url_unreachable' } }] }]);
    expect(await list('bob')).toEqual([]);
    const replay = (who: keyof typeof keys) =>
      post(`${system.url}/v1/webhooks/deliveries/msg_${id}/replay`, '{}', as(who));
    expect((await replay('bob')).status).toBe(404);
    expect((await replay('ada')).status).toBe(202);
    const secretOf = async (who: keyof typeof keys) =>
      (await get(`${system.url}/v1/webhooks/secret`, as(who)))['secret'];
    expect(await secretOf('ada')).not.toBe(await secretOf('bob'));
    expect(await secretOf('ada')).toBe(await secretOf('ada'));
  });
});
