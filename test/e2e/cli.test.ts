/** The `timbre` command as a person runs it: the built program against the real system, its output, files and exit codes. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchView, ItemView } from '@timbre/shared/contracts/batch';
import type { BatchDiff } from '@timbre/client';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { freePort } from '@timbre/shared/testing/redis-server';
import { createApiKey } from '../api-key.js';
import { sample } from '../client.js';

let system: TestSystem;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timbre-cli-'));
  await mkdir(join(folder, 'import'));
  system = await startSystem({ env: { IMPORT_URLS: `file://${join(folder, 'import')}/` } });
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

interface Run {
  status: number | null;
  out: string;
  errors: string;
}

/** The command with nothing in its environment but where the system is. */
function begin(args: string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, 'cli/dist/main.js'), ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      TIMBRE_URL: system.url,
      XDG_CACHE_HOME: join(folder, 'cache'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run: Run = { status: null, out: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (run.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (run.errors += text));
  const ended = new Promise<Run>((resolve) => {
    child.once('close', (status) => resolve({ ...run, status }));
  });
  return { run, ended, interrupt: () => child.kill('SIGINT') };
}
const timbre = (...args: string[]) => begin(args).ended;

/** @returns what the command printed as JSON */
async function json<T>(...args: string[]): Promise<T> {
  const run = await timbre(...args, '--json');
  expect(run.out, run.errors).not.toBe('');
  return JSON.parse(run.out) as T;
}
const lines = ({ out }: Run) => out.trim().split('\n');

/** 16 kHz mono, 16 bit: another tone for each number. */
function tone(number: number, seconds = 0.2): Buffer {
  const samples = Math.round(16_000 * seconds);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF\0\0\0\0WAVEfmt \u0010\0\0\0\u0001\0\u0001\0', 'latin1');
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.writeUInt32LE(16_000, 24);
  wav.writeUInt32LE(32_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at += 1)
    wav.writeInt16LE(Math.round(8000 * Math.sin((at * (200 + number)) / 2500)), 44 + at * 2);
  return wav;
}

async function fill(name: string, files: Record<string, Buffer | string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, name, path, '..'), { recursive: true });
    await writeFile(join(folder, name, path), content);
  }
}

describe('a folder with good, broken and equal files', () => {
  let id: string;

  beforeAll(async () => {
    const violin = await readFile(sample('violin-01.wav'));
    await fill('mixed', {
      'violin/good.wav': violin,
      'piano/mislabelled.wav': violin,
      'violin/cut.wav': violin.subarray(0, 3000),
      'violin/empty.wav': '',
      'piano/text.wav': 'this is no audio',
      'piano/.hidden.wav': violin,
      'piano/notes.txt': 'not a clip',
      'ids.csv': 'path,id\nviolin/good.wav,take-1\n',
    });
    await copyFile(sample('piano-01.mp3'), join(folder, 'mixed/piano/good.mp3'));
  });

  it('is one batch of its 6 audio files; the status is 2, for 3 of them fail', async () => {
    const run = await timbre('submit', 'mixed', '--watch', '--expected-from-folders', '--ids', 'mixed/ids.csv');
    expect(run.status, run.errors).toBe(2);
    expect(run.out).toMatch(/^completed with errors: 3 of 6 clips good \(50\.0 %\), 1 reused, 3 failed: /);
    // The two equal files are sent once.
    expect(run.errors).toMatch(/5 files sent \(.*\), 1 there already/);
    id = /batch (b[0-9a-f]{32})/.exec(run.errors)?.[1] ?? '';
  });

  it('shows the failed ones with their codes, and the others with label, path, id and expected label', async () => {
    const failed = lines(await timbre('items', id, '--state', 'failed', '--json')).map(
      (line) => JSON.parse(line) as ItemView,
    );
    expect(failed.map(({ path, error }) => `${path} ${error?.code}`)).toEqual([
      'piano/text.wav audio_unrecognized_format',
      'violin/cut.wav audio_truncated',
      'violin/empty.wav audio_empty',
    ]);
    const violins = lines(await timbre('items', id, '--label', 'violin', '--json')).map(
      (line) => JSON.parse(line) as ItemView,
    );
    expect(violins.map(({ path, id: own, expected }) => [path, own, expected])).toEqual([
      ['piano/mislabelled.wav', undefined, 'piano'],
      ['violin/good.wav', 'take-1', 'violin'],
    ]);
  });

  it('gives its results as jsonl and as csv, to stdout and to a file', async () => {
    const rows = lines(await timbre('results', id)).map((line) => JSON.parse(line) as ItemView);
    expect(rows.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    const csv = await timbre('results', id, '--format', 'csv', '--out', 'results.csv');
    expect(csv).toMatchObject({ status: 0, out: '' });
    const written = (await readFile(join(folder, 'results.csv'), 'utf8')).trim().split('\r\n');
    expect(written).toHaveLength(7);
    expect(written[0]).toMatch(/^path,id,state,decision,label,/);
    expect(written.find((row) => row.startsWith('violin/good.wav'))).toMatch(/,take-1,succeeded,label,violin,/);
  });

  it('follows results to the end, each clip once, with the status of the batch', async () => {
    const run = begin(['results', id, '--follow']);
    const { status, out } = await run.ended;
    expect(status).toBe(2);
    expect(out.trim().split('\n')).toHaveLength(6);
  });

  it('decides again with another threshold, without inference', async () => {
    const infer = 'timbre_clips_processed_total{stage="infer",lane="bulk"}';
    const before = (await system.metrics('worker')).get(infer);
    const rows = lines(await timbre('results', id, '--threshold', '1', '--top', '1')).map(
      (line) => JSON.parse(line) as ItemView,
    );
    const good = rows.filter(({ state }) => state === 'succeeded');
    expect(good.map(({ result }) => [result?.decision, Object.keys(result?.scores ?? {}).length])).toEqual(
      Array(3).fill(['unknown', 1]),
    );
    expect((await system.metrics('worker')).get(infer)).toBe(before);
  });

  it('adds up: hours, confidence, failures and 2 of 3 as expected', async () => {
    const run = await timbre('summary', id);
    expect(run.out).toMatch(/^6 clips, 3 succeeded, 3 failed/);
    expect(run.out).toMatch(/violin +█+ .*2 clips/);
    expect(run.out).toMatch(/audio_empty +█+ 1/);
    expect(run.out).toContain('piano taken for violin: 1');
  });

  it('is found again by the same command, which sends nothing; --again makes another that reuses every result', async () => {
    const args = ['submit', 'mixed', '--expected-from-folders', '--ids', 'mixed/ids.csv'];
    const same = await json<{ batch: BatchView; replayed: boolean; sent: unknown }>(...args);
    expect(same).toMatchObject({ batch: { id }, replayed: true, sent: { clips: 0, bytes: 0 } });
    const again = await timbre(...args, '--again', '--watch', '--json');
    const { batch } = JSON.parse(again.out) as { batch: BatchView };
    expect(batch.id).not.toBe(id);
    expect(batch.clips).toMatchObject({ total: 6, succeeded: 3, failed: 3, reused: 3 });
  });

  it('sends its failed clips through again, which fail again: status 2', async () => {
    const run = await timbre('retry', id, '--watch');
    expect(run.status, run.errors).toBe(2);
    expect(run.out).toMatch(/3 failed/);
  });

  it('is rescored with mfcc-cnn as a batch of its own, and compared', async () => {
    const rescored = await timbre('rescore', id, '--model', 'mfcc-cnn', '--watch', '--json');
    expect(rescored.status, rescored.errors).toBe(2);
    const batch = JSON.parse(rescored.out) as BatchView;
    expect(batch).toMatchObject({ model: 'mfcc-cnn', clipsOf: id, clips: { total: 6, failed: 3 } });
    const diff = await json<BatchDiff>('diff', id, batch.id, '--min-change', '0');
    expect(diff).toMatchObject({ before: id, after: batch.id, clips: 6 });
    expect(diff.unchanged + Object.values(diff.changes).reduce((sum, count) => sum + count, 0)).toBe(6);
    expect(diff.items.every(({ before, after }) => before.confidence !== after.confidence)).toBe(true);
    const shown = await timbre('diff', id, batch.id);
    expect(shown).toMatchObject({ status: 0 });
    expect(shown.out).toMatch(/^6 clips, \d unchanged/);
  });

  it('can be looked at before anything is classified, and run then', async () => {
    const looked = await timbre('submit', 'mixed', '--preflight', '--watch', '--json');
    expect(looked.status).toBe(2);
    const { batch } = JSON.parse(looked.out) as { batch: BatchView };
    expect(batch).toMatchObject({ preflight: true, decisions: {}, clips: { succeeded: 3, failed: 3 } });
    const run = await timbre('run', batch.id, '--watch', '--json');
    expect(JSON.parse(run.out)).toMatchObject({
      preflight: false,
      clipsOf: batch.id,
      clips: { succeeded: 3, failed: 3 },
    });
  });

  it('is gone after delete, its audio alone before', async () => {
    const made = await json<{ batch: BatchView }>('submit', 'mixed', '--again', '--watch');
    expect(await timbre('delete', made.batch.id, '--audio-only')).toMatchObject({ status: 0 });
    expect(lines(await timbre('results', made.batch.id))).toHaveLength(6);
    expect(await timbre('delete', made.batch.id)).toMatchObject({ status: 0 });
    const gone = await timbre('status', made.batch.id);
    expect(gone).toMatchObject({ status: 1, out: '' });
    expect(gone.errors).toContain('not_found');
  });
});

describe('a command that is interrupted', () => {
  const count = 300;
  const hashes: string[] = [];
  const missing = async () => {
    const body = JSON.stringify({ sha256: hashes });
    const response = await fetch(`${system.url}/v1/clips/missing`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return ((await response.json()) as { missing: string[] }).missing.length;
  };
  beforeAll(async () => {
    const files = Object.fromEntries(Array.from({ length: count }, (_, number) => [`${number}.wav`, tone(number)]));
    for (const content of Object.values(files)) hashes.push(createHash('sha256').update(content).digest('hex'));
    await fill('tones', files);
  });

  it('while it sends a folder has sent what it sent: the same command sends only what is missing', async () => {
    const first = begin(['submit', 'tones', '--parallel', '1']);
    await expect.poll(missing, { timeout: 30_000, interval: 20 }).toBeLessThan(count - 20);
    first.interrupt();
    const { status, errors } = await first.ended;
    expect(status).toBe(130);
    expect(errors).toContain('The same command sends only what is missing.');
    const left = await missing();
    expect(left).toBeGreaterThan(0);
    const second = await json<{ batch: BatchView; sent: unknown; skipped: unknown }>('submit', 'tones', '--no-watch');
    expect(second).toMatchObject({
      sent: { clips: left, bytes: left * tone(0).length },
      skipped: { clips: count - left },
    });
    expect(await missing()).toBe(0);
    const watched = await timbre('watch', second.batch.id);
    expect(watched.status, watched.errors).toBe(0);
    expect(watched.out).toContain(`succeeded: ${count} of ${count} clips good (100.0 %)`);
  });

  it('while it watches leaves the batch alone and says how to come back', async () => {
    const [preprocess] = system.processes('preprocess');
    // Nothing is done meanwhile.
    preprocess!.kill('SIGSTOP');
    try {
      const id = lines(await timbre('submit', 'tones', '--again', '--no-reuse', '--no-watch'))[0]!;
      expect((await timbre('pause', id)).out).toContain('paused');
      const watching = begin(['watch', id]);
      await expect.poll(() => watching.run.errors, { timeout: 30_000 }).toContain('clips');
      watching.interrupt();
      const { status, errors } = await watching.ended;
      expect(status).toBe(130);
      expect(errors).toContain(`\`timbre watch ${id}\` comes back to it`);
      expect(await json('status', id)).toMatchObject({
        paused: true,
        state: expect.stringMatching(/expanding|running/),
      });
      const following = begin(['results', id, '--follow']);
      expect((await timbre('resume', id)).status).toBe(0);
      preprocess!.kill('SIGCONT');
      const back = await timbre('watch', id, '--json');
      expect(back.status).toBe(0);
      const indexes = lines(await following.ended).map((line) => (JSON.parse(line) as ItemView).index);
      expect(indexes.sort((one, other) => one - other)).toEqual(Array.from({ length: count }, (_, index) => index));
      const states = lines(back).map((line) => (JSON.parse(line) as { batch: BatchView }).batch);
      expect(states.at(-1)).toMatchObject({ state: 'succeeded', clips: { total: count, succeeded: count, reused: 0 } });
    } finally {
      preprocess!.kill('SIGCONT');
    }
  });

  it('while it sends an archive over 64 MiB goes on at the byte where it was', async () => {
    const archive = pack();
    for (let number = 0; number < 24; number += 1) archive.entry({ name: `${number}.wav` }, tone(number, 95));
    archive.finalize();
    await writeFile(join(folder, 'large.tar'), archive as AsyncIterable<Buffer>);
    const first = begin(['submit', 'large.tar', '--no-watch']);
    const incoming = join(system.dataDir, 'objects', 'incoming');
    const parts = async () => (await readdir(incoming, { recursive: true }).catch(() => [])).length;
    await expect.poll(parts, { timeout: 30_000, interval: 5 }).toBeGreaterThan(3);
    first.interrupt();
    const { status, errors } = await first.ended;
    expect(status, errors).toBe(130);
    expect(errors).toContain('the same command goes on from that');
    const second = await json<{ batch: BatchView; skipped: { bytes: number } }>('submit', 'large.tar', '--no-watch');
    expect(second.skipped.bytes).toBeGreaterThan(0);
    const third = await json<{ batch: BatchView; replayed: boolean; sent: unknown }>(
      'submit',
      'large.tar',
      '--no-watch',
    );
    expect(third).toMatchObject({ batch: { id: second.batch.id }, replayed: true, sent: { bytes: 0 } });
    const watched = await timbre('watch', third.batch.id, '--json');
    expect(JSON.parse(lines(watched).at(-1)!)).toMatchObject({ batch: { clips: { total: 24, succeeded: 24 } } });
  });
});

describe('cancel', () => {
  it('ends a batch: status 2 for who watches; the same submission makes it anew', async () => {
    const [preprocess] = system.processes('preprocess');
    preprocess!.kill('SIGSTOP');
    let id = '';
    try {
      id = lines(await timbre('submit', 'tones', '--name', 'short', '--no-watch'))[0]!;
      expect((await timbre('cancel', id)).status).toBe(0);
    } finally {
      preprocess!.kill('SIGCONT');
    }
    expect((await timbre('watch', id)).status).toBe(2);
    const again = await json<{ batch: BatchView }>('submit', 'tones', '--name', 'short', '--watch');
    expect(again.batch.id).not.toBe(id);
    expect(again.batch.state).toBe('succeeded');
  });
});

describe('a manifest', () => {
  it('names stored clips; one that is not there fails alone, and succeeds by retry once it is', async () => {
    const [early, late] = [tone(9998), tone(9999)];
    await fill('early', { 'early.wav': early });
    expect((await timbre('submit', 'early', '--no-watch')).status).toBe(0);
    const hashes = [early, late].map((content) => createHash('sha256').update(content).digest('hex'));
    const entries = [
      { sha256: hashes[0], id: 'mine' },
      { sha256: hashes[1], path: 'late.wav' },
    ];
    await writeFile(join(folder, 'list.jsonl'), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    const run = await timbre('submit', 'list.jsonl', '--watch', '--json');
    expect(run.status, run.errors).toBe(2);
    const { batch } = JSON.parse(run.out) as { batch: BatchView };
    expect(batch).toMatchObject({
      clips: { total: 2, succeeded: 1, failed: 1 },
      failuresByCode: { object_missing: 1 },
    });
    await fill('late', { 'late.wav': late });
    expect((await timbre('submit', 'late', '--no-watch')).status).toBe(0);
    const retried = await timbre('retry', batch.id, '--watch');
    expect(retried.status, retried.errors).toBe(0);
    expect(retried.out).toMatch(/^succeeded: 2 of 2 clips good/);
  });
});

describe('other ways in', () => {
  it('takes a small archive with the batch call itself, and the same archive once', async () => {
    const archive = pack();
    for (const number of [1, 2]) archive.entry({ name: `deep/${number}.wav` }, tone(20_000 + number));
    archive.finalize();
    await writeFile(join(folder, 'small.tar'), archive as AsyncIterable<Buffer>);
    const run = await timbre('submit', 'small.tar', '--watch', '--json');
    expect(run.status, run.errors).toBe(0);
    const { batch } = JSON.parse(run.out) as { batch: BatchView };
    expect(batch).toMatchObject({ name: 'small.tar', clips: { total: 2, succeeded: 2 } });
    expect((await timbre('submit', 'small.tar', '--no-watch')).out.trim()).toBe(batch.id);
    expect((await timbre('submit', 'small.tar', '--no-watch', '--name', 'other')).out.trim()).not.toBe(batch.id);
  });

  it('lets the server read a prefix, a new batch each time, and not one outside of what it may read', async () => {
    await fill('import/set', { 'a.wav': tone(30_001), 'b.wav': tone(30_002) });
    const prefix = `file://${join(folder, 'import', 'set')}/`;
    const ids = [];
    for (let time = 0; time < 2; time += 1) {
      const run = await timbre('submit', prefix, '--watch', '--json');
      expect(run.status, run.errors).toBe(0);
      ids.push((JSON.parse(run.out) as { batch: BatchView }).batch.id);
    }
    expect(new Set(ids).size).toBe(2);
    const refused = await timbre('submit', 'file:///etc/', '--no-watch');
    expect(refused).toMatchObject({ status: 1, out: '' });
  });
});

describe('the status', () => {
  it.each([
    [['submit'], /missing required argument/],
    [['submit', 'gone'], /cannot read gone/],
    [['results', 'x', '--format', 'xml'], /Allowed choices are jsonl, csv/],
    [['submit', 'tones', '--weight', '0'], /It should be a number/],
    [['status', 'b0'], /not_found/],
    [['frobnicate'], /unknown command/],
  ])('is 1 for %j, with the reason', async (args, reason) => {
    const run = await timbre(...args);
    expect(run).toMatchObject({ status: 1, out: '' });
    expect(run.errors).toMatch(reason);
  });

  it('is 1 where nobody answers, without hashing anything first', async () => {
    const run = await timbre('submit', 'tones', '--url', `http://127.0.0.1:${await freePort()}`);
    expect(run.status).toBe(1);
    expect(run.errors).toMatch(/no Timbre answers at .*ECONNREFUSED/);
  });
});

describe('timbre doctor', () => {
  it('finds a running system in order, with a sample classified', async () => {
    const run = await timbre('doctor');
    expect(run.status, run.out).toBe(0);
    for (const name of ['node', 'gateway', 'ready', 'clock', 'version', 'key', 'model', 'sample'])
      expect(run.out).toMatch(new RegExp(`^ok +${name} `, 'm'));
  });

  it('ends with 1 and says what to do where nothing runs', async () => {
    const run = await timbre('doctor', '--url', `http://127.0.0.1:${await freePort()}`);
    expect(run.status).toBe(1);
    expect(run.out).toMatch(/^fail +gateway +no Timbre answers/m);
    expect(run.out).toContain('-> start it with `timbre start`');
  });
});

describe('a system that asks for keys', () => {
  it('is entered with TIMBRE_KEY or --key; without one the command and doctor say where to get it', async () => {
    const store = `file:${join(folder, 'locked')}`;
    const key = createApiKey(store, 'ada');
    const locked = await startSystem({ objectStoreUrl: store, env: { AUTH: 'keys' } });
    try {
      const refused = await timbre('status', '--url', locked.url);
      expect(refused.status).toBe(1);
      expect(refused.errors).toMatch(/auth_missing: .*\n.*TIMBRE_KEY/);
      const doctor = await timbre('doctor', '--url', locked.url);
      expect(doctor.status).toBe(1);
      expect(doctor.out).toMatch(/^fail +key +auth_missing/m);
      await fill('single', { 'one.wav': tone(1) });
      const sent = await begin(['submit', 'single', '--watch'], { TIMBRE_URL: locked.url, TIMBRE_KEY: key }).ended;
      expect(sent.status, sent.errors).toBe(0);
      expect((await timbre('status', '--url', locked.url, '--key', key)).out).toContain('succeeded');
    } finally {
      await locked.stop();
    }
  });
});

describe('timbre models', () => {
  it('lists what the server has, with the default', async () => {
    const { out, status } = await timbre('models');
    expect(status).toBe(0);
    expect(out).toMatch(/ \(default\) /);
    expect(out).toMatch(/^mfcc-cnn /m);
  });
});
