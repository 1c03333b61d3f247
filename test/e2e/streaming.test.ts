/** Live audio through the whole system, as programs and pages send it: windows in order, takes to the sample, caps, faults. */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import type { JobView } from '@timbre/shared/contracts/job';
import { createApiKey } from '../api-key.js';
import { finished, sample, submit } from '../client.js';
import { openStream, play, type StreamClient, type StreamOptions } from '../stream-client.js';

const rate = 48_000;
const bytesPerSecond = rate * 2;

let system: TestSystem;
const open: StreamClient[] = [];

const connect = (query: StreamOptions['query'], options: Partial<StreamOptions> = {}): StreamClient => {
  const client = openStream(system.url, { query: { rate, ...query }, ...options });
  open.push(client);
  return client;
};

/** A recording as mono PCM16. */
const pcm = (name: string, sampleRateHz = rate, format = 's16le'): Buffer =>
  execFileSync(
    'ffmpeg',
    ['-v', 'error', '-i', sample(name), '-ac', '1', '-ar', `${sampleRateHz}`, '-f', format, 'pipe:1'],
    { maxBuffer: 1 << 28 },
  );
const silence = (seconds: number): Buffer => Buffer.alloc(seconds * bytesPerSecond);

const wav = (bytes: Buffer): Uint8Array =>
  execFileSync(
    'ffmpeg',
    ['-v', 'error', '-f', 's16le', '-ar', `${rate}`, '-ac', '1', '-i', 'pipe:0', '-f', 'wav', 'pipe:1'],
    {
      input: bytes,
      maxBuffer: 1 << 28,
    },
  );

/** Seqs told as windows, failed or skipped, in the order they came. */
function seqsOf(client: StreamClient): number[] {
  let next = 0;
  return client.messages.flatMap((message) => {
    if (message.type === 'lagging') return Array.from({ length: message.skipped }, () => next++);
    if (message.type !== 'window' && !(message.type === 'error' && message.seq !== undefined)) return [];
    next = (message.seq ?? 0) + 1;
    return [message.seq ?? 0];
  });
}
const counted = (count: number) => Array.from({ length: count }, (_, i) => i);

const eventually = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const listed = async (): Promise<JobView[]> =>
  ((await (await fetch(`${system.url}/v1/jobs?limit=200`)).json()) as { jobs: JobView[] }).jobs;

beforeAll(async () => {
  system = await startSystem({ env: { STREAM_IDLE_SECONDS: '3', MAX_STREAM_SESSIONS_PER_TENANT: '3' } });
});
afterEach(() => {
  for (const client of open.splice(0)) client.socket.terminate();
});
afterAll(() => system.stop());

describe('a live session', () => {
  it('names violin within 1.5 s of its entry, and drums within 1.5 s of theirs, at 4 times real time', async () => {
    const entries = [
      { label: 'violin', atSeconds: 3 },
      { label: 'drums', atSeconds: 8 },
    ];
    const sound = Buffer.concat([silence(3), pcm('violin-01.wav'), silence(2), pcm('drums-01.wav'), silence(1)]);
    const client = connect({});
    const ready = await client.first('ready');
    expect(ready).toMatchObject({ model: 'timbre-s', windowSeconds: 2, hopSeconds: 0.5 });
    await play(client, sound, { bytesPerSecond, speed: 4 });
    const end = await client.end();
    expect(end).toMatchObject({
      type: 'end',
      receivedSamples: sound.length / 2,
      durationSeconds: sound.length / bytesPerSecond,
    });
    expect((await client.closed).code).toBe(1000);

    const windows = client.all('window');
    expect(windows.map(({ seq }) => seq)).toEqual(counted(windows.length));
    expect(windows.at(-1)?.endSeconds).toBeCloseTo(sound.length / bytesPerSecond, 6);
    expect(windows.filter(({ endSeconds }) => endSeconds <= 3).every(({ decision }) => decision === 'mute')).toBe(true);
    for (const { label, atSeconds } of entries) {
      const first = windows.find(
        (window) => window.endSeconds > atSeconds && window.label === label && window.decision === 'label',
      );
      expect(first?.endSeconds, label).toBeLessThanOrEqual(atSeconds + 1.5);
    }
  });

  it('leaves no job, no audio and no tensors of its windows behind', async () => {
    const redis = new Redis(system.redis.url);
    await eventually(async () => (await redis.keys('timbre:job:*')).length === 0, 'no job in Redis');
    expect(await redis.zcard('timbre:live')).toBe(0);
    expect(Object.values(await redis.hgetall('timbre:backlog-jobs')).every((jobs) => jobs === '0')).toBe(true);
    redis.disconnect();
    const files = () =>
      execFileSync('find', [`${system.dataDir}/objects`, '-type', 'f'])
        .toString()
        .trim();
    await eventually(async () => files() === '', 'no object');
    expect(await listed()).toEqual([]);
    const gateway = await system.metrics('gateway');
    expect(gateway.get('timbre_stream_windows_total{outcome="answered"}')).toBeGreaterThan(15);
    expect(gateway.get('timbre_streams_open{kind="audio"}')).toBe(0);
  });

  it('takes 32-bit floats at 16 kHz and gives the decisions of the same sound as 16-bit', async () => {
    const client = connect({ rate: 16_000, format: 'f32' });
    await play(client, pcm('piano-01.mp3', 16_000, 'f32le'), { bytesPerSecond: 64_000, speed: 8 });
    const { receivedSamples } = await client.end();
    expect(receivedSamples).toBeGreaterThan(16_000 * 4);
    const labels = client.all('window').map(({ label }) => label);
    expect(labels.filter((label) => label === 'piano').length).toBeGreaterThan(labels.length / 2);
  });
});

describe('the client in docs/streaming.md', () => {
  it('plays a sample and prints violin, then the saved take', async () => {
    const text = await readFile(join(root, 'docs/streaming.md'), 'utf8');
    const [, code] = /```js\n([\s\S]*?)```/.exec(text) ?? [];
    const file = join(root, 'test', `stream-example-${process.pid}.mjs`);
    await writeFile(file, code!);
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [file, sample('violin-01.wav'), system.url]);
      expect(stdout).toMatch(/^\d(\.\d)? violin 0\.\d\d$/m);
      expect(stdout).toMatch(/type: 'end',\n\s+receivedSamples: 66150,\n\s+durationSeconds: 3,\n\s+jobId: 'j/);
    } finally {
      await rm(file);
    }
  });
});

describe('a saved take', () => {
  it('holds every sample of a 60 s session, sent in odd pieces, and none twice', async () => {
    // Noise: no two pieces are alike.
    const sound = randomBytes(60 * bytesPerSecond);
    const client = connect({ save: true, name: 'noise.wav' });
    await play(client, sound, { bytesPerSecond, speed: 6 });
    const { receivedSamples, jobId } = await client.end();
    expect(receivedSamples).toBe(60 * rate);
    expect(seqsOf(client)).toEqual(counted(seqsOf(client).length));
    const job = await finished(system.url, jobId!);
    expect(job).toMatchObject({
      state: 'succeeded',
      clip: { name: 'noise.wav', bytes: sound.length + 44, durationSeconds: 60, sampleRateHz: rate, channels: 1 },
    });
    const stored = Buffer.from(await (await fetch(`${system.url}/v1/jobs/${jobId}/audio`)).arrayBuffer());
    expect(stored.subarray(44).equals(sound)).toBe(true);
  });

  it('gives the segments of the same sound sent as a file', async () => {
    const sound = Buffer.concat([pcm('guitar-01.flac'), silence(1), pcm('drums-01.wav')]);
    const client = connect({ save: true });
    await play(client, sound, { bytesPerSecond, speed: 8 });
    const taken = await finished(system.url, (await client.end()).jobId!);
    const sent = await finished(system.url, (await submit(system.url, { name: 'same.wav', bytes: wav(sound) })).id);
    expect(taken.result?.segments.length).toBeGreaterThan(1);
    expect(taken.result).toEqual(sent.result);
    const { lane } = taken;
    expect(lane).toBe('interactive');
  });

  it('is a job though the connection broke without an end', async () => {
    const before = new Set((await listed()).map(({ id }) => id));
    const client = connect({ save: true, name: 'broken.wav' });
    const sound = pcm('violin-01.wav');
    await client.first('ready');
    await play(client, sound, { bytesPerSecond, speed: 8 });
    await eventually(async () => client.socket.bufferedAmount === 0, 'all sent');
    await client.first('window');
    client.socket.terminate();
    let job: JobView | undefined;
    await eventually(async () => {
      job = (await listed()).find(({ id }) => !before.has(id));
      return job !== undefined;
    }, 'a job of the take');
    const ended = await finished(system.url, job!.id);
    expect(ended).toMatchObject({ state: 'succeeded', clip: { name: 'broken.wav' }, result: { label: 'violin' } });
    expect(ended.clip.durationSeconds).toBeCloseTo(sound.length / bytesPerSecond, 1);
  });

  it('is no job when nothing was sent', async () => {
    const before = (await listed()).length;
    const client = connect({ save: true });
    await client.first('ready');
    expect(await client.end()).toMatchObject({ receivedSamples: 0, durationSeconds: 0 });
    expect((await listed()).length).toBe(before);
  });
});

describe('back-pressure', () => {
  const stopped = async (work: () => Promise<void>): Promise<void> => {
    const [preprocess] = system.processes('preprocess');
    preprocess!.kill('SIGSTOP');
    try {
      await work();
    } finally {
      preprocess!.kill('SIGCONT');
    }
  };

  it('skips windows of a sender in real time and says how many; its take still holds every sample', async () => {
    const sound = randomBytes(8 * bytesPerSecond);
    const client = connect({ save: true });
    await client.first('ready');
    await stopped(() => play(client, sound, { bytesPerSecond, speed: 1 }));
    const { receivedSamples, jobId } = await client.end();
    expect(receivedSamples).toBe(8 * rate);
    expect(client.all('lagging').reduce((sum, { skipped }) => sum + skipped, 0)).toBeGreaterThan(3);
    // 1, 1.5, … 8 s.
    expect(seqsOf(client)).toEqual(counted(15));
    const stored = Buffer.from(await (await fetch(`${system.url}/v1/jobs/${jobId}/audio`)).arrayBuffer());
    expect(stored.subarray(44).equals(sound)).toBe(true);
  });

  it('makes a sender that is ahead of real time wait instead, and skips nothing', async () => {
    const sound = randomBytes(20 * bytesPerSecond);
    const client = connect({});
    await client.first('ready');
    await stopped(() => play(client, sound, { bytesPerSecond, speed: 12 }));
    await client.end();
    expect(client.all('lagging')).toEqual([]);
    expect(client.all('window').map(({ seq }) => seq)).toEqual(counted(39));
  });
});

describe('what is refused', () => {
  it('a fourth session of a tenant, with the reason and code 1013, until one of three has ended', async () => {
    const three = [connect({}), connect({}), connect({})];
    await Promise.all(three.map((client) => client.first('ready')));
    const fourth = connect({});
    expect(await fourth.first('error')).toMatchObject({ code: 'quota_exceeded' });
    expect((await fourth.closed).code).toBe(1013);
    await three[0]!.end();
    await three[0]!.closed;
    await eventually(async () => {
      const next = connect({});
      return next.first('ready').then(
        () => true,
        () => false,
      );
    }, 'a place');
  });

  it.each([
    [{ rate: 100 }, 'invalid_parameter'],
    [{ rate, format: 'mp3' }, 'invalid_parameter'],
    [{ rate, model: 'nobody' }, 'model_not_found'],
  ])('%j as %s with code 1008', async (query, code) => {
    const client = connect(query);
    expect(await client.first('error')).toMatchObject({ code });
    expect((await client.closed).code).toBe(1008);
  });

  it('a message that is none of the protocol, and one over the limit (1009)', async () => {
    const talker = connect({});
    await talker.first('ready');
    talker.socket.send('{"type":"hello"}');
    expect(await talker.first('error')).toMatchObject({ code: 'invalid_parameter' });
    const giant = connect({});
    await giant.first('ready');
    giant.send(Buffer.alloc(1024 * 1024 + 1));
    expect((await giant.closed).code).toBe(1009);
  });

  it('a sender that is silent for 3 s', async () => {
    const client = connect({});
    expect(await client.first('error')).toMatchObject({ code: 'request_timeout' });
    expect((await client.closed).code).toBe(1008);
  });

  it('a page of another origin, and a plain GET with 426', async () => {
    const page = connect({}, { headers: { origin: 'https://evil.example' } });
    await expect(page.first('ready')).rejects.toThrow('403');
    const response = await fetch(`${system.url}/v1/stream?rate=48000`);
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ code: 'upgrade_required' });
  });
});

describe('a gateway that dies during a session', () => {
  it('loses no more than 10 s of the take: the next one makes a job of the rest', async () => {
    const before = new Set((await listed()).map(({ id }) => id));
    const client = connect({ save: true, name: 'orphan.wav' });
    await client.first('ready');
    const sound = randomBytes(16 * bytesPerSecond);
    await play(client, sound, { bytesPerSecond, speed: 1 });
    system.processes('gateway')[0]!.kill('SIGKILL');
    let job: JobView | undefined;
    const end = Date.now() + 60_000;
    while (job === undefined && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      job = await listed().then(
        (jobs) => jobs.find(({ id }) => !before.has(id)),
        () => undefined,
      );
    }
    const ended = await finished(system.url, job!.id);
    expect(ended.clip.name).toBe('orphan.wav');
    expect(ended.clip.durationSeconds).toBeGreaterThan(6);
    const stored = Buffer.from(await (await fetch(`${system.url}/v1/jobs/${job!.id}/audio`)).arrayBuffer());
    expect(stored.subarray(44).equals(sound.subarray(0, stored.length - 44))).toBe(true);
  });
});

describe('two tenants', () => {
  let keyed: TestSystem;
  let folder: string;
  let keys: Record<'one' | 'two' | 'reader', string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'timbre-stream-keys-'));
    const url = `file://${folder}`;
    keys = {
      one: createApiKey(url, 'one'),
      two: createApiKey(url, 'two'),
      reader: createApiKey(url, 'one', 'read'),
    };
    keyed = await startSystem({
      env: { AUTH: 'keys', MAX_STREAM_SECONDS: '5', MAX_STREAM_SESSIONS: '3' },
      objectStoreUrl: url,
    });
  });
  afterAll(async () => {
    await keyed.stop();
    await rm(folder, { recursive: true });
  });

  it('have their takes apart, with the key in a header or, as browsers send it, in a subprotocol', async () => {
    const { one, two } = keys;
    const sound = pcm('violin-01.wav');
    const query = { rate, save: true };
    const clients = [
      openStream(keyed.url, { query, key: one }),
      openStream(keyed.url, { query, protocols: ['timbre', `timbre-key.${two}`] }),
    ];
    open.push(...clients);
    await Promise.all(clients.map((client) => play(client, sound, { bytesPerSecond, speed: 8 })));
    expect(clients[1]!.socket.protocol).toBe('timbre');
    const [first, second] = await Promise.all(clients.map(async (client) => (await client.end()).jobId!));
    const statusOf = async (id: string, key: string) =>
      (await fetch(`${keyed.url}/v1/jobs/${id}/audio`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect([await statusOf(first!, one), await statusOf(first!, two)]).toEqual([200, 404]);
    expect([await statusOf(second!, one), await statusOf(second!, two)]).toEqual([404, 200]);
  });

  it('need a key, with the scope to submit', async () => {
    for (const [key, status] of [
      [undefined, '401'],
      ['ak_unknown', '401'],
      [keys.reader, '403'],
    ] as const) {
      const client = openStream(keyed.url, { query: { rate }, ...(key === undefined ? {} : { key }) });
      open.push(client);
      await expect(client.first('ready')).rejects.toThrow(status);
    }
  });

  it('share a limit of 3 sessions in the gateway', async () => {
    const three = [keys.one, keys.one, keys.two].map((key) => openStream(keyed.url, { query: { rate }, key }));
    open.push(...three);
    await Promise.all(three.map((client) => client.first('ready')));
    const fourth = openStream(keyed.url, { query: { rate }, key: keys.two });
    open.push(fourth);
    expect(await fourth.first('error')).toMatchObject({ code: 'quota_exceeded' });
  });

  it('may send 5 s, which are kept, and are told so', async () => {
    const sound = randomBytes(8 * bytesPerSecond);
    const client = openStream(keyed.url, { query: { rate, save: true }, key: keys.one });
    open.push(client);
    await play(client, sound, { bytesPerSecond, speed: 8 });
    const { receivedSamples, jobId } = await client.first('end');
    expect(client.all('error')).toMatchObject([{ code: 'audio_too_long' }]);
    expect(receivedSamples).toBe(5 * rate);
    const headers = { authorization: `Bearer ${keys.one}` };
    const stored = await fetch(`${keyed.url}/v1/jobs/${jobId}/audio`, { headers });
    expect(
      Buffer.from(await stored.arrayBuffer())
        .subarray(44)
        .equals(sound.subarray(0, 5 * bytesPerSecond)),
    ).toBe(true);
  });

  it('have their takes made jobs by a gateway that is told to stop, with close code 1012', async () => {
    const client = openStream(keyed.url, { query: { rate, save: true }, key: keys.one });
    open.push(client);
    await play(client, randomBytes(2 * bytesPerSecond), { bytesPerSecond, speed: 4 });
    await client.first('window');
    keyed.processes('gateway')[0]!.kill('SIGTERM');
    const { receivedSamples, jobId } = await client.first('end');
    // Windows at work may say so too.
    expect(client.all('error').at(-1)).toMatchObject({ code: 'shutting_down' });
    expect(client.messages.at(-1)?.type).toBe('end');
    expect((await client.closed).code).toBe(1012);
    expect(receivedSamples).toBe(2 * rate);
    const headers = { authorization: `Bearer ${keys.one}` };
    await eventually(async () => {
      const answer = await fetch(`${keyed.url}/v1/jobs/${jobId}?waitSeconds=5`, { headers }).catch(() => undefined);
      return answer?.ok === true && ((await answer.json()) as JobView).state === 'succeeded';
    }, 'the take as a job');
  });
});
