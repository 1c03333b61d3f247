/** Faults of what is stored (F23, F26, F28) and the whole pipeline on a real, failing S3 server (F21, F24). */
import { copyFile, mkdir, mkdtemp, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { createHttpFaultProxy, type HttpFaultProxy } from '@timbre/shared/testing/http-fault-proxy';
import { startS3Server, whyNoS3Server, type S3Server } from '@timbre/shared/testing/s3-server';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { audioKey } from '@timbre/shared/storage/job-keys';
import { audit } from '../audit.js';
import { finished, sample, submit } from '../client.js';

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
});
const witnesses = (views: JobView[]) => views.map((view) => ({ id: view.id, seen: [view.state], view }));

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('damaged objects', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem({ workers: 0 });
  });
  afterAll(() => system.stop());
  const packs = () => filesUnder(join(system.dataDir, 'objects', 'tensors'));

  it('F26: a tensor pack that was cut, flipped or lost is made again once, and the clip succeeds', async () => {
    const damages = [
      (path: string) => writeFile(path, ''),
      async (path: string) => {
        const whole = await readFile(path);
        whole[whole.length >> 1] = (whole[whole.length >> 1] ?? 0) ^ 0xff;
        await writeFile(path, whole);
      },
    ];
    const jobs = [];
    for (const [index, damage] of damages.entries()) {
      // Different bytes, so that each clip has a pack of its own.
      const clip = Buffer.from(bytes);
      clip[clip.length - 1] = index;
      const before = new Set(await packs());
      jobs.push(await submit(system.url, { name: `pack-${index}.wav`, bytes: clip }));
      await expect.poll(async () => (await packs()).length, { timeout: 20_000 }).toBe(before.size + 1);
      const fresh = (await packs()).find((path) => !before.has(path)) ?? '';
      await damage(fresh);
    }
    await system.add('worker');
    const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
    expect(views.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['succeeded', 2],
      ['succeeded', 2],
    ]);
    expect(await audit(system, witnesses(views), new Map())).toEqual([]);
  });

  it('F23: stored audio that no longer matches its checksum fails as storage_corrupt', async () => {
    const preprocess = system.processes('preprocess')[0];
    preprocess?.kill('SIGSTOP');
    const { id } = await submit(system.url, { name: 'rotten.wav', bytes });
    await writeFile(
      join(system.dataDir, 'objects', audioKey({ tenant: 'local', id })),
      Buffer.from(bytes).fill(7, 1000, 2000),
    );
    preprocess?.kill('SIGCONT');
    expect(await finished(system.url, id)).toMatchObject({ state: 'failed', error: { code: 'storage_corrupt' } });
  });
});

describe('models', () => {
  it('F28: a new model is served without a restart; a broken version leaves the old one serving', async () => {
    const models = await mkdtemp(join(tmpdir(), 'timbre-models-'));
    const install = async (id: string, change: Record<string, unknown> = {}, onnx?: Buffer) => {
      const card = JSON.parse(await readFile(join(root, 'models/mfcc-cnn/model.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      await mkdir(join(models, id), { recursive: true });
      if (onnx) await writeFile(join(models, id, 'model.onnx'), onnx);
      else await copyFile(join(root, 'models/mfcc-cnn/model.onnx'), join(models, id, 'model.onnx'));
      await writeFile(join(models, id, 'model.tmp'), JSON.stringify({ ...card, id, ...change }));
      await rename(join(models, id, 'model.tmp'), join(models, id, 'model.json'));
    };
    await install('first');
    const system = await startSystem({ env: { MODELS_URL: models, MODELS_POLL_MS: '300' } });
    try {
      const run = async (model: string) =>
        finished(system.url, (await submit(system.url, { name: 'a.wav', bytes }, { model })).id);
      const before = await run('first');
      expect(before.state).toBe('succeeded');

      await install('second');
      const listed = async () => {
        const body = (await (await fetch(`${system.url}/v1/models`)).json()) as { models: { id: string }[] };
        return body.models.map(({ id }) => id);
      };
      await expect.poll(listed, { timeout: 20_000 }).toEqual(['first', 'second']);
      expect((await run('second')).state).toBe('succeeded');

      await install('first', { version: 'broken' }, Buffer.from('not a graph'));
      const failures = async () =>
        (await system.metrics('worker')).get('timbre_model_load_failures_total{model="first"}');
      await expect.poll(failures, { timeout: 20_000 }).toBeGreaterThan(0);
      const after = await run('first');
      expect([after.state, after.provenance?.modelDigest]).toEqual(['succeeded', before.provenance?.modelDigest]);
    } finally {
      await system.stop();
    }
  });
});

const missing = whyNoS3Server();
describe.skipIf(missing !== undefined)(
  `the pipeline on S3${missing === undefined ? '' : ` (NOT RUN: ${missing})`}`,
  () => {
    let s3: S3Server;
    let proxy: HttpFaultProxy;
    let system: TestSystem;
    beforeAll(async () => {
      s3 = await startS3Server();
      proxy = await createHttpFaultProxy(s3);
      system = await startSystem({ objectStoreUrl: s3.url(proxy.port) });
    });
    afterAll(async () => {
      await system.stop();
      await proxy.close();
      await s3.stop();
    });

    it('classifies from S3, signed upload included', async () => {
      const view = await finished(system.url, (await submit(system.url, { name: 's3.wav', bytes })).id);
      expect(view).toMatchObject({ state: 'succeeded', result: { label: 'violin' } });
      const made = (await (
        await fetch(`${system.url}/v1/uploads/presign`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ bytes: bytes.length, contentType: 'audio/wav' }),
        })
      ).json()) as { url: string; uploadId: string };
      const put = await fetch(made.url, {
        method: 'PUT',
        body: Buffer.from(bytes),
        headers: { 'content-type': 'audio/wav' },
      });
      expect(put.status).toBe(200);
      const job = await fetch(`${system.url}/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ source: { uploadId: made.uploadId } }),
      });
      const { id } = (await job.json()) as JobView;
      expect((await finished(system.url, id)).state).toBe('succeeded');
    });

    it('F21, F24: with every fourth request answered 503 and some objects late, 15 clips all succeed', async () => {
      proxy.setRule(({ index, method }) => {
        if (index % 4 === 3) return { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
        return method === 'GET' && index % 9 === 1
          ? { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
          : undefined;
      });
      try {
        const jobs = await Promise.all(
          Array.from({ length: 15 }, (_, n) => submit(system.url, { name: `s3-${n}.wav`, bytes })),
        );
        const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id, 90_000)));
        expect(views.map(({ state }) => state)).toEqual(Array(15).fill('succeeded'));
        expect(await audit(system, witnesses(views), new Map())).toEqual([]);
      } finally {
        proxy.setRule(undefined);
      }
    });
  },
);
