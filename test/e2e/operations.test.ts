/** What operators see and do over `/v1/admin`, against a running system. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailuresOfCodeView, OverviewView } from '@timbre/shared/contracts/operations';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { finished, post, sample, submit } from '../client.js';

let system: TestSystem;

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());

const overview = async () => (await (await fetch(`${system.url}/v1/admin/overview`)).json()) as OverviewView;

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('never seen');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('the overview', () => {
  it('shows three processes, the models of the worker, and stages with their latencies, once clips went through', async () => {
    for (let i = 0; i < 3; i++) await finished(system.url, (await submit(system.url, sample('drums-01.wav'))).id);
    const view = await eventually(async () => {
      const now = await overview();
      // Each process reports in its own time.
      const seen = ['decode', 'infer'].map((name) => now.stages.find(({ stage }) => stage === name)?.count);
      return seen.every((count) => count === 3) ? now : undefined;
    });
    expect(view.processes.map(({ service }) => service)).toEqual(['gateway', 'preprocess', 'worker']);
    const worker = view.processes.find(({ service }) => service === 'worker');
    expect(worker?.models).toContainEqual({ model: 'timbre-s', provider: 'cpu' });
    expect(await (await fetch(`${worker!.adminUrl}/healthz`)).json()).toEqual({ status: 'ok' });
    const decode = view.stages.find(({ stage }) => stage === 'decode');
    expect(decode).toMatchObject({ lane: 'interactive', count: 3 });
    expect(decode!.p50).toBeLessThanOrEqual(decode!.p99!);
    expect(view.endToEnd).toMatchObject([{ lane: 'interactive', state: 'succeeded', count: 3 }]);
    expect(view.throughput.find(({ stage }) => stage === 'infer')!.clipsPerSecond).toBeGreaterThan(0);
    expect(view.batchSizes.map(({ model }) => model)).toContain('timbre-s');
    expect(view.queues).toHaveLength(6);
  });

  it('forgets a process that was stopped', async () => {
    const extra = await system.add('worker');
    await eventually(async () => ((await overview()).processes.length === 4 ? true : undefined));
    await extra.terminate();
    await eventually(async () => ((await overview()).processes.length === 3 ? true : undefined));
  });
});

describe('failures', () => {
  it('are told by code with the clips behind them, of jobs and of batches', async () => {
    const broken = Buffer.from('RIFF and nothing else that could be audio');
    const job = await finished(system.url, (await submit(system.url, { name: 'a.wav', bytes: broken })).id);
    const code = job.error!.code;
    const uris = { source: { clips: [{ sha256: 'a'.repeat(64), path: 'gone.wav' }] } };
    const batch = (await post(`${system.url}/v1/batches`, JSON.stringify(uris))).body;
    await (await fetch(`${system.url}/v1/batches/${String(batch['id'])}?waitSeconds=30`)).json();
    const { failures } = (await (await fetch(`${system.url}/v1/admin/failures`)).json()) as {
      failures: FailuresOfCodeView[];
    };
    const ofJob = failures.find((each) => each.code === code);
    expect(ofJob).toMatchObject({ count: 1, examples: [{ jobId: job.id, tenant: 'local', stage: 'preprocess' }] });
    expect(ofJob!.perMinute).toHaveLength(60);
    expect(failures.flatMap(({ examples }) => examples.map(({ jobId }) => jobId))).toContain(
      `${String(batch['id'])}-0`,
    );
    const only = (await (await fetch(`${system.url}/v1/admin/failures?code=${code}`)).json()) as {
      failures: FailuresOfCodeView[];
    };
    expect(only.failures.map((each) => each.code)).toEqual([code]);
  });
});

describe('a paused queue', () => {
  it('keeps its tasks, and hands them out when it is resumed', async () => {
    const queue = 'infer-interactive';
    const act = (what: string) => post(`${system.url}/v1/admin/queues/${queue}/${what}`, '');
    expect((await act('pause')).body).toEqual({ queue, paused: true });
    const { id } = await submit(system.url, sample('violin-01.wav'));
    const view = await eventually(async () => {
      const found = (await overview()).queues.find((each) => each.queue === queue);
      return found?.waiting === 1 ? found : undefined;
    });
    expect(view).toMatchObject({ paused: true, active: 0 });
    expect((await act('resume')).body).toEqual({ queue, paused: false });
    expect((await finished(system.url, id)).state).toBe('succeeded');
  });

  it('has to be one there is', async () => {
    expect((await post(`${system.url}/v1/admin/queues/lunch/pause`, '')).status).toBe(404);
  });
});

describe('what it costs Redis', () => {
  it('is less than 10 kB for each process and bounded for failures', async () => {
    const redis = new Redis(system.redis.url);
    for (const key of await redis.keys('timbre:process:*')) {
      expect(await redis.strlen(key)).toBeLessThan(10_000);
      expect(await redis.pttl(key)).toBeGreaterThan(0);
    }
    for (const key of await redis.keys('timbre:fail*')) expect(await redis.ttl(key)).toBeGreaterThan(0);
    redis.disconnect();
  });
});
