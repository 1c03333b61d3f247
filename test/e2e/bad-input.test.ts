/** What clients can send wrong: each case its own documented code, quickly, and the clips beside it succeed. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { mkdtempSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipForm, finished, post, sample, submit } from '../client.js';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';

let system: TestSystem;
let good: Uint8Array;
beforeAll(async () => {
  good = new Uint8Array(await readFile(sample('violin-01.wav')));
  system = await startSystem({ env: { MAX_FILE_BYTES: '4000000' } });
});
afterAll(() => system.stop());

/** A wav header with chosen lies, and `seconds` of silence declared or given. */
interface WavLies {
  rateHz?: number;
  channels?: number;
  format?: number;
  bits?: number;
  dataBytes?: number;
  declaredBytes?: number;
}
function wav({
  rateHz = 16_000,
  channels = 1,
  format = 1,
  bits = 16,
  dataBytes = 32_000,
  ...lies
}: WavLies = {}): Buffer {
  const declaredBytes = lies.declaredBytes ?? dataBytes;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(Math.min(0xffffffff, 36 + declaredBytes), 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(format, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rateHz, 24);
  const align = (channels * bits) / 8;
  head.writeUInt32LE(Math.min(0xffffffff, rateHz * align), 28);
  head.writeUInt16LE(align & 0xffff, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(declaredBytes, 40);
  return Buffer.concat([head, Buffer.alloc(dataBytes)]);
}

function nanWav(): Buffer {
  const body = Buffer.alloc(64_000);
  for (let offset = 0; offset < body.length; offset += 4) body.writeFloatLE(offset === 4000 ? Number.NaN : 0.1, offset);
  return Buffer.concat([wav({ format: 3, bits: 32, dataBytes: 0, declaredBytes: 64_000 }), body]);
}

/** Written to a file, as encoders do, so its header says how long it was meant to be; then cut in half. */
function truncatedMp3(): Buffer {
  const path = join(mkdtempSync(join(tmpdir(), 'timbre-mp3-')), 'whole.mp3');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440:duration=20', path]);
  const whole = readFileSync(path);
  return whole.subarray(0, whole.length / 2);
}

describe('bad clips', () => {
  const fiveHours = 5 * 3600 * 16_000 * 2;
  const cases: [string, string, () => Buffer][] = [
    [
      'a text file renamed .wav',
      'audio_unrecognized_format',
      () => Buffer.from('Dear diary, this is not audio at all. '.repeat(50)),
    ],
    ['an empty file', 'audio_empty', () => Buffer.alloc(0)],
    ['a truncated mp3', 'audio_truncated', truncatedMp3],
    ['a 5-hour file, by its header', 'audio_too_long', () => wav({ declaredBytes: fiveHours })],
    ['a sample rate of 0 Hz', 'audio_rate_out_of_range', () => wav({ rateHz: 0 })],
    ['a sample rate of 1 GHz', 'audio_rate_out_of_range', () => wav({ rateHz: 1_000_000_000 })],
    ['NaN floats', 'audio_nonfinite', nanWav],
    ['65,535 channels', 'audio_channels_out_of_range', () => wav({ channels: 65_535 })],
    ['a wav without samples', 'audio_empty', () => wav({ dataBytes: 0 })],
    [
      'an HLS playlist named .wav',
      'audio_unrecognized_format',
      () => Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'),
    ],
    ['a PNG', 'audio_unrecognized_format', () => Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ];

  it.each(cases)('%s fails as %s', async (name, code, make) => {
    const job = await submit(system.url, { name: `${name}.wav`, bytes: make() });
    const view = await finished(system.url, job.id);
    expect([view.state, view.error?.code]).toEqual(['failed', code]);
    expect(view.attempts).toBe(1);
  });

  it('11 bad clips beside 3 good ones cost the good ones nothing', async () => {
    const clips = [
      ...cases.map(([name, , make]) => ({ name, bytes: make() })),
      ...[1, 2, 3].map((n) => ({ name: `good-${n}`, bytes: good })),
    ];
    const jobs = await Promise.all(clips.map((clip) => submit(system.url, clip)));
    const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
    const states = Object.fromEntries(views.map(({ clip, state }) => [clip.name, state]));
    expect(Object.values(states).filter((state) => state === 'failed').length).toBe(11);
    expect([states['good-1'], states['good-2'], states['good-3']]).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('predict_instrument answers a bad clip with its code as a problem', async () => {
    const { status, headers, body } = await post(
      `${system.url}/predict_instrument`,
      await clipForm({ name: 'x.wav', bytes: Buffer.from('no audio') }),
    );
    expect([status, body['code']]).toEqual([422, 'audio_unrecognized_format']);
    expect(headers.get('content-type')).toContain('application/problem+json');
  });

  it('silence is no error: the decision is mute', async () => {
    const { body } = await post(
      `${system.url}/v1/classify`,
      await clipForm({ name: 'silence.wav', bytes: wav({ dataBytes: 64_000 }) }),
    );
    expect(body).toMatchObject({ state: 'succeeded', result: { decision: 'mute', label: null } });
  });
});

function fillForm(form: FormData, ...entries: [string, string | Blob][]): void {
  for (const [name, value] of entries) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value);
  }
}

describe('bad requests', () => {
  const code = async (answer: Promise<{ status: number; body: Record<string, unknown> }>) => {
    const { status, body } = await answer;
    return [status, body['code']];
  };
  const jobs = () => `${system.url}/v1/jobs`;

  it('a body over the limit: 413 before it is read when declared, while it is read when not', async () => {
    expect(await code(post(jobs(), new Uint8Array(4_000_001), { 'content-type': 'audio/wav' }))).toEqual([
      413,
      'payload_too_large',
    ]);
    expect(
      await code(clipForm({ name: 'big.wav', bytes: new Uint8Array(4_000_001) }).then((form) => post(jobs(), form))),
    ).toEqual([413, 'payload_too_large']);
  });

  it.each<[string, [number, string], string, Record<string, string>]>([
    ['text that is not JSON', [400, 'invalid_json'], '{"source":', {}],
    ['an unknown field', [400, 'invalid_parameter'], '{"source":{"uri":"https://example.org/a.wav"},"colour":1}', {}],
    [
      'a prototype key',
      [400, 'invalid_json'],
      '{"__proto__":{"a":1},"source":{"uri":"https://example.org/a.wav"}}',
      {},
    ],
    ['40 levels of nesting', [400, 'invalid_json'], `{"source":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, {}],
    ['a loopback URL', [422, 'url_forbidden'], '{"source":{"uri":"http://127.0.0.1/a.wav"}}', {}],
    ['an unknown model', [404, 'model_not_found'], '{"source":{"uri":"https://example.org/a.wav"},"model":"nope"}', {}],
    ['another content type', [415, 'unsupported_media_type'], 'hello', { 'content-type': 'text/plain' }],
    [
      'a form without a boundary',
      [400, 'multipart_malformed'],
      'hello',
      { 'content-type': 'multipart/form-data; boundary=' },
    ],
  ])('%s: %j', async (_name, expected, body, headers) => {
    expect(await code(post(jobs(), body, headers))).toEqual(expected);
  });

  it('a form without a file, with a wrong field, or with two files', async () => {
    const form = (fill: (form: FormData) => void) => {
      const made = new FormData();
      fill(made);
      return post(jobs(), made);
    };
    expect(await code(form((made) => made.append('model', 'mfcc-cnn')))).toEqual([400, 'file_missing']);
    expect(await code(form((made) => fillForm(made, ['file', new Blob([good])], ['colour', 'red'])))).toEqual([
      400,
      'invalid_parameter',
    ]);
    expect(await code(form((made) => fillForm(made, ['file', new Blob([good])], ['file', new Blob([good])])))).toEqual([
      413,
      'too_many_parts',
    ]);
  });

  it('a checksum that does not fit', async () => {
    const headers = {
      'content-type': 'audio/wav',
      'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:`,
    };
    expect(await code(post(jobs(), good, headers))).toEqual([422, 'checksum_mismatch']);
  });

  it('a wrong method, an unknown address, an unknown and a malformed id', async () => {
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`${system.url}${path}`, { method });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await ask('/v1/jobs', 'PUT')).toEqual([405, 'method_not_allowed']);
    expect(await ask('/v1/nothing')).toEqual([404, 'not_found']);
    expect(await ask(`/v1/jobs/j${'0'.repeat(32)}`)).toEqual([404, 'not_found']);
    expect(await ask('/v1/jobs/..%2f..%2fetc')).toEqual([404, 'not_found']);
    expect(await ask(`/v1/jobs?x=${'a'.repeat(3000)}`)).toEqual([414, 'uri_too_long']);
  });

  it('headers over 16 KiB answer 431, garbage on the wire 400, and the gateway lives', async () => {
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(new URL(system.url).port), '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket
          .on('data', (chunk) => (answer += chunk.toString()))
          .on('error', () => resolve(answer))
          .on('close', () => resolve(answer));
      });
    expect(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431[\s\S]*headers_too_large/,
    );
    expect(await raw('\u0000\u0001 nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect((await fetch(`${system.url}/healthz`)).status).toBe(200);
  });

  it('a name that only resolves to this machine is refused while no keys are in force', async () => {
    const status = await new Promise<number | undefined>((resolve) => {
      request(`${system.url}/v1/models`, { headers: { host: 'rebound.example:80' } }, (response) =>
        resolve(response.statusCode),
      ).end();
    });
    expect(status).toBe(403);
    expect((await fetch(`${system.url}/v1/models`, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });
});
