/** Archives through the whole system: every way in, what they cost, what comes out, and what is left afterwards. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import type { BatchEvent } from '@timbre/shared/contracts/batch';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { spoiled, tarOf, toneWav } from '../archive.js';
import { batchItems, batchResults, endedBatch, getBatch, postBatch, submitBatch } from '../batch-client.js';
import { sample } from '../client.js';

let system: TestSystem;
let folder: string;
let web: Server;
let webUrl: string;
/** Paths the web server refuses for now. */
const refused = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timbre-import-'));
  system = await startSystem({ env: { ALLOW_PRIVATE_URLS: 'true', IMPORT_URLS: `file://${folder}` } });
  web = createServer((request, response) => {
    if (refused.has(request.url ?? '')) response.writeHead(500).end();
    else response.end(toneWav(7000 + Number(/\d+/.exec(request.url ?? '')?.[0] ?? 0)));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
afterAll(async () => {
  web.close();
  await system.stop();
});

async function zipOf(entries: Record<string, Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(entries)) zip.addBuffer(bytes, name);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

const expectedDecisions = async () =>
  JSON.parse(await readFile(sample('expected.json'), 'utf8')) as Record<string, string>;

async function sampleEntries(): Promise<Record<string, Buffer>> {
  const names = Object.keys(await expectedDecisions());
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [`takes/${name}`, await readFile(sample(name))] as const)),
  );
}

const run = async (body: Uint8Array, options: Parameters<typeof submitBatch>[2]) =>
  endedBatch(system.url, (await submitBatch(system.url, body, options)).id);

describe('an archive', () => {
  it('gives every good clip its decision and every bad one its own code, and the counts add up', async () => {
    const good = await sampleEntries();
    const first = Object.keys(good)[0]!;
    const zip = await zipOf({
      ...good,
      'takes/again.wav': good[first]!,
      'takes/empty.wav': Buffer.alloc(0),
      'takes/text.wav': spoiled[1]!.bytes(),
      'takes/cut.wav': spoiled[2]!.bytes(),
      'takes/nested.zip': await zipOf({ 'x.wav': toneWav(1) }),
      'takes/notes.txt': Buffer.from('a sidecar'),
      '__MACOSX/takes/._a.wav': Buffer.from('junk'),
    });
    const view = await run(zip, { type: 'application/zip', query: '?name=mixed' });
    expect(view).toMatchObject({
      state: 'completed_with_errors',
      name: 'mixed',
      failuresByCode: { archive_entry_nested: 1, audio_empty: 1, audio_truncated: 1, audio_unrecognized_format: 1 },
    });
    const count = Object.keys(good).length;
    expect(view.clips).toEqual({
      total: count + 5,
      queued: 0,
      running: 0,
      succeeded: count + 1,
      failed: 4,
      canceled: 0,
      reused: expect.any(Number) as number,
    });
    const results = await batchResults(system.url, view.id);
    expect(results.map(({ index }) => index)).toEqual(results.map((_, index) => index));
    const decided = Object.fromEntries(
      results.flatMap(({ path, result }) =>
        result && path !== 'takes/again.wav'
          ? [[path.replace('takes/', ''), result.decision === 'label' ? result.label : result.decision]]
          : [],
      ),
    );
    expect(decided).toEqual(await expectedDecisions());
    const again = results.find(({ path }) => path === 'takes/again.wav');
    expect(again?.duplicateOf).toBe(results.find(({ path }) => path === first)?.index);
  });

  it('is failed when every clip failed, or when there is none, or when it is no archive', async () => {
    const bad = await run(await zipOf({ 'a.wav': Buffer.alloc(0), 'b.wav': spoiled[1]!.bytes() }), {
      type: 'application/zip',
    });
    expect(bad).toMatchObject({ state: 'failed', clips: { total: 2, failed: 2 } });
    const empty = await run(await zipOf({ 'readme.txt': Buffer.from('x') }), { type: 'application/zip' });
    expect(empty).toMatchObject({ state: 'failed', error: { code: 'batch_empty' } });
    const noise = await run(Buffer.alloc(5000, 7), { type: 'application/zip' });
    expect(noise).toMatchObject({ state: 'failed', error: { code: 'archive_unrecognized' } });
  });

  it('keeps what lies before the damage of a tar that was cut, and says so', async () => {
    const tar = await tarOf(20, { first: 500 });
    const view = await run(tar.subarray(0, Math.floor(tar.length * 0.6)), {});
    expect(view).toMatchObject({ state: 'completed_with_errors', error: { code: 'archive_corrupt' } });
    expect(view.clips.succeeded).toBeGreaterThan(8);
  });

  it('reads tar.gz, and answers the same for the same clips', async () => {
    const tar = await tarOf(10, { first: 800 });
    const [plain, packed] = [
      await run(tar, { query: '?reuse=false' }),
      await run(gzipSync(tar), { query: '?reuse=false' }),
    ];
    const scores = async (id: string) => (await batchResults(system.url, id)).map(({ result }) => result?.scores);
    expect(packed.clips.succeeded).toBe(10);
    expect(await scores(packed.id)).toEqual(await scores(plain.id));
  });

  it('ends once for one Idempotency-Key', async () => {
    const tar = await tarOf(3, { first: 900 });
    const headers = { 'idempotency-key': 'one-archive' };
    const [a, b] = [await submitBatch(system.url, tar, { headers }), await submitBatch(system.url, tar, { headers })];
    expect(b.id).toBe(a.id);
    await expect(submitBatch(system.url, await tarOf(4), { headers })).rejects.toThrow(/idempotency_mismatch/);
  });
});

describe('sending again', () => {
  it('runs only what is new or failed, and takes the rest: 40 clips, 2 changed, 3 bad', async () => {
    const entries = Object.fromEntries(Array.from({ length: 37 }, (_, at) => [`c${at}.wav`, toneWav(2000 + at)]));
    for (const [at, { bytes }] of spoiled.entries()) entries[`bad${at}.wav`] = bytes();
    const first = await run(await zipOf(entries), { type: 'application/zip' });
    expect(first.clips).toMatchObject({ total: 40, succeeded: 37, failed: 3, reused: 0 });
    const same = await run(await zipOf(entries), { type: 'application/zip' });
    expect(same.clips).toMatchObject({ total: 40, succeeded: 37, failed: 3, reused: 37 });
    entries['c3.wav'] = toneWav(2900);
    entries['c4.wav'] = toneWav(2901);
    const changed = await run(await zipOf(entries), { type: 'application/zip' });
    expect(changed.clips).toMatchObject({ succeeded: 37, reused: 35 });
    const result = (await batchResults(system.url, same.id)).find(({ path }) => path === 'c5.wav');
    expect(result?.reused?.batchId).toBe(first.id);
    const fresh = await run(await zipOf(entries), { type: 'application/zip', query: '?reuse=false' });
    expect(fresh.clips).toMatchObject({ succeeded: 37, reused: 0 });
  });
});

describe('a rescore', () => {
  it('decides kept tensors with the same features, decodes for others, and diff says what changed', async () => {
    const first = await run(await zipOf(await sampleEntries()), { type: 'application/zip', query: '?reuse=false' });
    const before = (await system.metrics('preprocess')).get('timbre_cache_hits_total{kind="tensors"}') ?? 0;
    const same = await postBatch(system.url, `${first.id}/rescore`, { model: 'timbre-s' });
    expect(same.status).toBe(202);
    await endedBatch(system.url, same.body.id);
    const other = await postBatch(system.url, `${first.id}/rescore`, { model: 'mfcc-cnn' });
    const rescored = await endedBatch(system.url, other.body.id);
    expect(rescored).toMatchObject({ state: 'succeeded', model: 'mfcc-cnn', clipsOf: first.id });
    const diff = (await (await fetch(`${system.url}/v1/batches/${rescored.id}/diff?against=${first.id}`)).json()) as {
      clips: number;
      items: unknown[];
    };
    expect(diff.clips).toBe(first.clips.total);
    expect(diff.items.length).toBeGreaterThan(0);
    const stranger = await run(await tarOf(1, { first: 990 }), {});
    expect((await fetch(`${system.url}/v1/batches/${stranger.id}/diff?against=${first.id}`)).status).toBe(400);
    expect(before).toBeGreaterThanOrEqual(0);
  });
});

describe('a preflight', () => {
  it('says what each clip is without inference, and start runs it', async () => {
    const inferred = async () =>
      (await system.metrics('worker')).get('timbre_clips_processed_total{stage="infer",lane="bulk"}') ?? 0;
    const before = await inferred();
    const view = await run(await tarOf(12, { first: 3000, spoilEvery: 4 }), { query: '?preflight=true' });
    expect(view).toMatchObject({ preflight: true, clips: { total: 12, succeeded: 9, failed: 3 } });
    expect(await inferred()).toBe(before);
    const [line] = await batchResults(system.url, view.id);
    expect(line).toMatchObject({ clip: { format: 'wav', channels: 1, sampleRateHz: 8000, durationSeconds: 0.25 } });
    expect(line?.result).toBeUndefined();
    const started = await postBatch(system.url, `${view.id}/start`, {});
    const ended = await endedBatch(system.url, started.body.id);
    expect(ended).toMatchObject({ preflight: false, clips: { total: 12, succeeded: 9, failed: 3 } });
    expect(await inferred()).toBe(before + 9);
  });
});

describe('other ways in', () => {
  it('takes a folder clip by clip: what is missing is sent, the manifest names all', async () => {
    const clips = Array.from({ length: 5 }, (_, at) => toneWav(4000 + at));
    const hashes = clips.map((clip) => createHash('sha256').update(clip).digest('hex'));
    const missing = async () => {
      const response = await fetch(`${system.url}/v1/clips/missing`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sha256: hashes }),
      });
      return ((await response.json()) as { missing: string[] }).missing;
    };
    expect(await missing()).toEqual(hashes);
    for (const [at, clip] of clips.entries()) {
      const put = await fetch(`${system.url}/v1/clips/${hashes[at]}`, { method: 'PUT', body: new Uint8Array(clip) });
      expect(put.status).toBe(201);
    }
    expect(await missing()).toEqual([]);
    const wrong = await fetch(`${system.url}/v1/clips/${hashes[0]}`, {
      method: 'PUT',
      body: new Uint8Array(toneWav(1)),
    });
    expect(wrong.status).toBe(422);
    const lines = hashes.map((sha256, at) =>
      JSON.stringify({ sha256, id: `own-${at}`, path: `a/${at}.wav`, expected: 'piano' }),
    );
    lines.push(JSON.stringify({ sha256: 'f'.repeat(64), id: 'gone' }), '{"neither":1}');
    const view = await run(Buffer.from(lines.join('\n')), { type: 'application/x-ndjson' });
    expect(view.clips).toMatchObject({ total: 7, succeeded: 5, failed: 2 });
    expect(view.failuresByCode).toEqual({ manifest_line_invalid: 1, object_missing: 1 });
    const results = await batchResults(system.url, view.id);
    expect(results.slice(0, 5).map(({ id, path }) => [id, path])).toEqual(
      hashes.map((_, at) => [`own-${at}`, `a/${at}.wav`]),
    );
    const summary = (await (await fetch(`${system.url}/v1/batches/${view.id}/summary`)).json()) as {
      agreement: { accuracy: { of: number } };
    };
    expect(summary.agreement.accuracy.of).toBe(5);
  });

  it('takes a prefix of a place the operator offers, odd names and all, and nothing outside of it', async () => {
    await mkdir(join(folder, 'Straße 1/tief'), { recursive: true });
    for (const [at, name] of ['a b.wav', 'ü.wav', 'tief/c.wav'].entries())
      await writeFile(join(folder, 'Straße 1', name), toneWav(5000 + at));
    await writeFile(join(folder, 'Straße 1/liesmich.txt'), 'x');
    await symlink('/etc/passwd', join(folder, 'Straße 1/link.wav'));
    const submit = (prefix: string) => postBatch(system.url, '', { source: { prefix } });
    const { body } = await submit(`file://${folder}/Straße 1/`);
    const view = await endedBatch(system.url, body.id);
    expect(view).toMatchObject({ state: 'succeeded', clips: { total: 3, succeeded: 3 } });
    expect((await batchResults(system.url, view.id)).map(({ path }) => path).sort()).toEqual([
      'a b.wav',
      'tief/c.wav',
      'ü.wav',
    ]);
    const again = await endedBatch(system.url, (await submit(`file://${folder}/Straße 1/`)).body.id);
    expect(again.clips.reused).toBe(3);
    expect((await submit('file:///etc/')).status).toBe(400);
    const up = await submit(`file://${folder}/../`);
    if (up.status === 202) expect((await endedBatch(system.url, up.body.id)).error?.code).toBe('batch_empty');
    else expect(up.status).toBe(400);
  });

  it('fetches addresses, and sends only the failed ones through again', async () => {
    refused.add('/2.wav');
    const uris = Array.from({ length: 4 }, (_, at) => `${webUrl}/${at}.wav`);
    const { body } = await postBatch(system.url, '', { source: { uris } });
    const first = await endedBatch(system.url, body.id);
    expect(first).toMatchObject({ state: 'completed_with_errors', failuresByCode: { url_unreachable: 1 } });
    const done = new Map((await batchResults(system.url, first.id)).map((line) => [line.index, line.finishedAt]));
    refused.clear();
    expect((await postBatch(system.url, `${first.id}/retry-failed`)).status).toBe(202);
    const second = await endedBatch(system.url, first.id);
    expect(second).toMatchObject({ state: 'succeeded', clips: { succeeded: 4, failed: 0 }, failuresByCode: {} });
    for (const { index, finishedAt } of await batchResults(system.url, first.id))
      if (index !== 2) expect(finishedAt).toBe(done.get(index));
    expect((await postBatch(system.url, `${first.id}/retry-failed`)).status).toBe(409);
  });
});

describe('results', () => {
  it('come in every format, and are decided again with another threshold without inference', async () => {
    const view = await run(await zipOf(await sampleEntries()), { type: 'application/zip' });
    for (const format of ['jsonl', 'csv', 'parquet', 'audacity', 'raven']) {
      const response = await fetch(`${system.url}/v1/batches/${view.id}/results?format=${format}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('timbre-complete')).toBe('true');
      expect((await response.arrayBuffer()).byteLength, format).toBeGreaterThan(100);
    }
    const strict = await batchResults(system.url, view.id, '?threshold=1');
    const decisions = strict.map(({ result }) => result?.decision);
    expect(new Set(decisions)).toEqual(new Set(['unknown', 'mute']));
    const top = await batchResults(system.url, view.id, '?top=1');
    expect(Object.keys(top[0]?.result?.scores ?? {})).toHaveLength(1);
    expect((await fetch(`${system.url}/v1/batches/${view.id}/results?format=xls`)).status).toBe(400);
  });

  it('show clips page by page and by state, code and label, and each as a job', async () => {
    const view = await run(await tarOf(25, { first: 6000, spoilEvery: 5 }), {});
    const first = await batchItems(system.url, view.id, '?limit=10');
    const rest = await batchItems(system.url, view.id, `?limit=100&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items].map(({ index }) => index)).toEqual(
      Array.from({ length: 25 }, (_, at) => at),
    );
    expect((await batchItems(system.url, view.id, '?state=failed')).items).toHaveLength(5);
    expect((await batchItems(system.url, view.id, '?code=audio_empty')).items.map(({ index }) => index)).toEqual([
      4, 19,
    ]);
    const job = (await (await fetch(`${system.url}/v1/jobs/${view.id}-7`)).json()) as Record<string, unknown>;
    expect(job).toMatchObject({
      id: `${view.id}-7`,
      state: 'succeeded',
      lane: 'bulk',
      clip: { name: 'clips/000007.wav' },
    });
    expect((await fetch(`${system.url}/v1/jobs/${view.id}-25`)).status).toBe(404);
  });

  it('can be followed by events that always end with the end', async () => {
    const { id } = await submitBatch(system.url, await tarOf(60, { first: 8000 }));
    const events = await readEvents(`${system.url}/v1/batches/${id}/events`);
    expect(events.at(-1)?.event).toBe('end');
    expect(events.at(-1)?.data.batch.state).toBe('succeeded');
    const resumed = await readEvents(`${system.url}/v1/batches/${id}/events`, { 'last-event-id': events.at(-1)!.id });
    expect(resumed.map(({ event }) => event)).toEqual(['end']);
  });
});

async function readEvents(url: string, headers: Record<string, string> = {}) {
  const text = await (await fetch(url, { headers })).text();
  return text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) => ({
      id: /^id: (.*)$/m.exec(block)?.[1] ?? '',
      event: /^event: (.*)$/m.exec(block)?.[1] ?? '',
      data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as BatchEvent,
    }));
}

describe('a batch at work', () => {
  it('pauses, goes on, and keeps what is finished when it is canceled', async () => {
    const { id } = await submitBatch(system.url, await tarOf(1500, { first: 10_000 }));
    while ((await getBatch(system.url, id)).clips.succeeded < 64)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await postBatch(system.url, `${id}/pause`);
    let last = -1;
    let now = await getBatch(system.url, id);
    while (now.clips.succeeded !== last || now.clips.running > 0) {
      last = now.clips.succeeded;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      now = await getBatch(system.url, id);
    }
    expect(now).toMatchObject({ paused: true, waiting: { code: 'paused' } });
    expect(now.clips.succeeded).toBeLessThan(1500);
    await postBatch(system.url, `${id}/resume`);
    while ((await getBatch(system.url, id)).clips.succeeded <= last)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await postBatch(system.url, `${id}/cancel`)).status).toBe(202);
    const view = await endedBatch(system.url, id);
    expect(view.state).toBe('canceled');
    const { succeeded, canceled, total } = view.clips;
    expect(succeeded + canceled).toBe(total);
    expect(await batchResults(system.url, id)).toHaveLength(succeeded);
    expect((await postBatch(system.url, `${id}/resume`)).status).toBe(409);
  });

  it('expires at its deadline, and a deleted one leaves nothing', async () => {
    const { id } = await submitBatch(system.url, await tarOf(1500, { first: 20_000 }), { query: '?deadlineSeconds=1' });
    expect((await endedBatch(system.url, id)).state).toBe('expired');
    expect((await fetch(`${system.url}/v1/batches/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${system.url}/v1/batches/${id}`)).status).toBe(404);
    const left = await readdir(join(system.dataDir, 'objects/batches/local')).catch(() => []);
    expect(left).not.toContain(id);
  });
});
