/** The whole pipeline on the bundled samples: what a newcomer sees, checked. */
import { readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { clipForm, finished, post, sample, submit } from '../client.js';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { audit } from '../audit.js';

let system: TestSystem;
let expected: Record<string, string>;
const ended: JobView[] = [];

beforeAll(async () => {
  expected = JSON.parse(await readFile(sample('expected.json'), 'utf8')) as Record<string, string>;
  system = await startSystem();
});
afterAll(() => system.stop());

const decisionOf = ({ result }: JobView) => (result?.decision === 'label' ? result.label : result?.decision);

/** A real sample in another format, by the real encoder. */
function encoded(name: string, format: string, ...args: string[]): Uint8Array {
  return execFileSync('ffmpeg', ['-v', 'error', '-i', sample(name), ...args, '-f', format, 'pipe:1'], {
    maxBuffer: 1 << 28,
  });
}

describe('the pipeline', () => {
  it('gives every bundled sample the right decision', async () => {
    const names = Object.keys(expected);
    expect(names.length).toBeGreaterThanOrEqual(8);
    const jobs = await Promise.all(names.map((name) => submit(system.url, sample(name))));
    ended.push(...(await Promise.all(jobs.map(({ id }) => finished(system.url, id)))));
    const got = Object.fromEntries(ended.map((view) => [view.clip.name, decisionOf(view)]));
    expect(got).toEqual(expected);
  });

  it('answers with clip facts, quality, segments, provenance and timings', () => {
    const view = ended.find(({ clip }) => clip.name === 'violin-01.wav');
    expect(view).toMatchObject({
      state: 'succeeded',
      attempts: 1,
      clip: { format: 'wav', channels: 1 },
      provenance: { provider: 'cpu', version: '0.1.0' },
    });
    expect(view?.clip.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(view?.result?.segments.length).toBeGreaterThan(0);
    expect(Object.values(view?.result?.scores ?? {}).reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 4);
    for (const part of [
      'uploadSeconds',
      'waitSeconds',
      'preprocessSeconds',
      'inferWaitSeconds',
      'inferSeconds',
      'totalSeconds',
    ] as const)
      expect(view?.timings[part], part).toBeGreaterThanOrEqual(0);
  });

  it('counts in its metrics exactly what was submitted', async () => {
    const count = ended.length;
    const [gateway, preprocess, worker] = await Promise.all([
      system.metrics('gateway'),
      system.metrics('preprocess'),
      system.metrics('worker'),
    ]);
    expect(gateway.get('timbre_jobs_accepted_total{lane="interactive",via="form"}')).toBe(count);
    expect(preprocess.get('timbre_clips_processed_total{stage="preprocess",lane="interactive"}')).toBe(count);
    expect(worker.get('timbre_clips_processed_total{stage="infer",lane="interactive"}')).toBe(count);
    expect(worker.get('timbre_jobs_finished_total{lane="interactive",state="succeeded"}')).toBe(count);
    expect(gateway.get('timbre_stage_duration_seconds_count{stage="deliver",lane="interactive"}')).toBeGreaterThan(0);
    const seconds = ended.reduce((sum, { clip }) => sum + (clip.durationSeconds ?? 0), 0);
    expect(preprocess.get('timbre_audio_seconds_processed_total{stage="preprocess",lane="interactive"}')).toBeCloseTo(
      seconds,
      3,
    );
    expect(gateway.get('timbre_backlog_audio_seconds{stage="preprocess",lane="interactive"}')).toBe(0);
  });

  it('keeps every promise the history checker knows', async () => {
    const witnesses = ended.map((view) => ({ id: view.id, seen: [view.state], view }));
    expect(await audit(system, witnesses, new Map())).toEqual([]);
  });

  it('gives the same decision for a clip as wav, flac and mp3, by jobs, classify and predict_instrument', async () => {
    const source = 'violin-01.wav';
    const variants = [
      { name: 'a.wav', bytes: await readFile(sample(source)) },
      { name: 'a.flac', bytes: encoded(source, 'flac') },
      { name: 'a.mp3', bytes: encoded(source, 'mp3', '-b:a', '128k') },
    ];
    for (const variant of variants) {
      const job = await finished(system.url, (await submit(system.url, variant)).id);
      const classified = await post(`${system.url}/v1/classify`, await clipForm(variant));
      const predicted = await post(`${system.url}/predict_instrument`, await clipForm(variant));
      expect(classified.status).toBe(200);
      const decisions = [
        decisionOf(job),
        decisionOf(classified.body as unknown as JobView),
        predicted.body['predicted_class'],
      ];
      expect(decisions, variant.name).toEqual(['violin', 'violin', 'violin']);
    }
  });

  it('takes a raw body as well as a form', async () => {
    const { status, body } = await post(
      `${system.url}/v1/classify?name=take.wav`,
      await readFile(sample('piano-01.mp3')),
      {
        'content-type': 'audio/mpeg',
      },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'succeeded',
      clip: { name: 'take.wav', format: 'mp3' },
      result: { label: 'piano' },
    });
  });

  it('puts neither audio nor tensors into Redis', async () => {
    const redis = new Redis(system.redis.url);
    let largest = 0;
    for await (const keys of redis.scanStream({ count: 1000 }))
      for (const key of keys as string[]) {
        // BullMQ's own log of what it did, with ids only; it grows to a bound with every task.
        if (/^bull:[^:]+:events$/.test(key)) continue;
        largest = Math.max(largest, Number(await redis.memory('USAGE', key, 'SAMPLES', '0')));
      }
    redis.disconnect();
    // The smallest sample is some 40 kB, its tensor pack 11 kB.
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan(10_000);
  });
});
