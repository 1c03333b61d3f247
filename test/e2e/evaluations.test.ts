/** Labelled archives over HTTP: figures, worst mistakes with their audio and features; and what is kept of single jobs. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import type { EvaluationView } from '@timbre/shared/contracts/evaluation';
import { isBatchEnded } from '@timbre/shared/contracts/batch';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { finished, post, sample, submit } from '../client.js';

let system: TestSystem;
let expected: Record<string, string>;

beforeAll(async () => {
  expected = JSON.parse(await readFile(sample('expected.json'), 'utf8')) as Record<string, string>;
  system = await startSystem();
});
afterAll(() => system.stop());

async function zipOf(entries: readonly { name: string; bytes: Buffer }[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, bytes } of entries) zip.addBuffer(bytes, name);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function evaluated(body: Uint8Array, query = ''): Promise<EvaluationView> {
  const sent = await post(`${system.url}/v1/evaluations${query}`, body, { 'content-type': 'application/zip' });
  expect(sent.status).toBe(202);
  expect(sent.headers.get('location')).toBe(`/v1/evaluations/${String(sent.body['id'])}`);
  await (await fetch(`${system.url}/v1/batches/${String(sent.body['id'])}?waitSeconds=60`)).json();
  const view = (await (
    await fetch(`${system.url}/v1/evaluations/${String(sent.body['id'])}`)
  ).json()) as EvaluationView;
  expect(isBatchEnded(view.state)).toBe(true);
  return view;
}

const contentOf = (id: string, what: string, headers: Record<string, string> = {}) =>
  fetch(`${system.url}/v1/jobs/${id}/${what}`, { headers });

describe('an evaluation', () => {
  let view: EvaluationView;
  /** Sounding samples that a job of their own decides rightly. */
  let right = 0;

  beforeAll(async () => {
    const names = Object.keys(expected);
    const entries = await Promise.all(
      names.map(async (name) => ({ name: `set/${expected[name]}/${name}`, bytes: await readFile(sample(name)) })),
    );
    const mislabelled = { name: 'set/drums/no-drums.wav', bytes: await readFile(sample('violin-01.wav')) };
    const broken = { name: 'set/drums/broken.wav', bytes: Buffer.from('RIFF and nothing else') };
    const loose = { name: 'loose.wav', bytes: await readFile(sample('drums-01.wav')) };
    for (const name of names.filter((each) => expected[each] !== 'mute')) {
      const { result } = await finished(system.url, (await submit(system.url, sample(name))).id);
      if (result?.decision === 'label' && result.label === expected[name]) right += 1;
    }
    view = await evaluated(await zipOf([...entries, mislabelled, broken, loose]), '?name=held-out');
  });

  it('judges each clip by the folder that names a class, and counts as right what jobs answer rightly', () => {
    const sounding = Object.values(expected).filter((label) => label !== 'mute').length;
    expect(view.clips).toEqual({
      total: Object.keys(expected).length + 3,
      judged: Object.keys(expected).length + 1,
      failed: 1,
      unlabelled: 1,
    });
    expect(view.figures.accuracy).toMatchObject({ count: right, of: sounding + 1 });
    expect(right).toBeGreaterThan(sounding / 2);
    expect(view.figures.accuracy.interval![1]).toBeLessThan(1);
    const drums = view.figures.classes.find(({ label }) => label === 'drums');
    expect(drums).toMatchObject({ support: 3 });
    expect(view.figures.confusion.rows).toContain('violin');
    expect(view.figures.calibration.bins).toHaveLength(15);
  });

  it('tells the mislabelled clip as the worst mistake, to listen to and to look at', async () => {
    expect(view.mistakes).toHaveLength(1);
    expect(view.mistakes[0]).toMatchObject({ path: 'set/drums/no-drums.wav', expected: 'drums', decision: 'violin' });
    const { jobId } = view.mistakes[0]!;
    const audio = await contentOf(jobId, 'audio');
    const original = await readFile(sample('violin-01.wav'));
    expect(audio.headers.get('content-type')).toBe('audio/wav');
    expect(Buffer.from(await audio.arrayBuffer()).equals(original)).toBe(true);
    const part = await contentOf(jobId, 'audio', { range: 'bytes=1000-1999' });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(original.subarray(1000, 2000))).toBe(true);
    const features = (await (await contentOf(jobId, 'features')).json()) as Record<string, unknown>;
    expect(features).toMatchObject({ kind: 'logMel', rows: 64 });
    const peaks = await contentOf(jobId, 'peaks');
    expect([peaks.status, ((await peaks.json()) as { code: string }).code]).toEqual([404, 'not_kept']);
  });

  it('is a batch, but a batch is no evaluation', async () => {
    const batch = await (await fetch(`${system.url}/v1/batches/${view.id}`)).json();
    expect(batch).toMatchObject({ id: view.id, name: 'held-out' });
    const bytes = await zipOf([{ name: 'a/b.wav', bytes: await readFile(sample('drums-01.wav')) }]);
    const { body } = await post(`${system.url}/v1/batches`, bytes, { 'content-type': 'application/zip' });
    expect((await fetch(`${system.url}/v1/evaluations/${String(body['id'])}`)).status).toBe(404);
  });
});

describe('what is kept of a job', () => {
  it('is its audio as it was sent, with ranges, as a download or in line', async () => {
    const job = await finished(system.url, (await submit(system.url, sample('guitar-02.mp3'))).id);
    const original = await readFile(sample('guitar-02.mp3'));
    const whole = await contentOf(job.id, 'audio');
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'audio/mpeg',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="guitar-02.mp3"; filename*=UTF-8''guitar-02.mp3`,
      etag: `"${job.clip.sha256}"`,
    });
    expect(Buffer.from(await whole.arrayBuffer()).equals(original)).toBe(true);
    const tail = await contentOf(job.id, 'audio?inline=true', { range: 'bytes=-100' });
    expect([tail.status, tail.headers.get('content-range')]).toEqual([
      206,
      `bytes ${original.length - 100}-${original.length - 1}/${original.length}`,
    ]);
    expect(tail.headers.get('content-disposition')).toMatch(/^inline/);
    expect(Buffer.from(await tail.arrayBuffer()).equals(original.subarray(-100))).toBe(true);
    expect((await contentOf(job.id, 'audio', { range: `bytes=${original.length}-` })).status).toBe(416);
  });

  it('is its outline in as many points as are asked for, and what the model saw', async () => {
    const job = await finished(system.url, (await submit(system.url, sample('drums-01.wav'))).id);
    const peaks = (await (await contentOf(job.id, 'peaks?points=500')).json()) as Record<string, number[]>;
    expect([peaks['durationSeconds'], peaks['points'], peaks['min']!.length]).toEqual([3, 500, 500]);
    const loudest = Math.max(...peaks['max']!, ...peaks['min']!.map(Math.abs)) / 127;
    expect(20 * Math.log10(loudest)).toBeCloseTo(job.result!.quality.peakDbfs, 0);
    const features = (await (await contentOf(job.id, 'features?from=1&count=1')).json()) as Record<string, unknown>;
    expect(features).toMatchObject({
      kind: 'logMel',
      windows: { total: 2, from: 1, count: 1 },
      offsets: [{ startSeconds: 1, endSeconds: 3 }],
    });
    const values = Buffer.from(String(features['data']), 'base64');
    expect(values).toHaveLength(Number(features['rows']) * Number(features['columns']));
    expect(Math.max(...values)).toBeGreaterThan(100);
  });
});
