import { describe, expect, it } from 'vitest';
import { codeOf, decode, failureOf, limitsWith, RATE_HZ } from '../testing/expectations.js';
import { decodeByFfmpeg, encodeAll, generate } from '../testing/reference-ffmpeg.js';
import { bestLag, chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';

const samples = chord({ seconds: 3, rateHz: 48_000 });
const files = encodeAll(wav16(samples, { rateHz: 48_000 }), {
  'opus.webm': ['-c:a', 'libopus'],
  'vorbis.webm': ['-c:a', 'libvorbis'],
  'live.webm': ['-c:a', 'libopus', '-live', '1'],
  'flac.mka': ['-c:a', 'flac'],
});
const webm = files['opus.webm'];

/** An EBML element of less than 127 bytes. */
function element(id: string, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(id, 'hex'), Buffer.of(0x80 | body.length), body]);
}

describe('planMatroska', () => {
  it.each([
    ['opus.webm', 'webm', 'opus'],
    ['vorbis.webm', 'webm', 'vorbis'],
    ['live.webm', 'webm', 'opus'],
    ['flac.mka', 'matroska', 'flac'],
  ] as const)('decodes %s by pipe to what ffmpeg gives from the file', async (name, format, codec) => {
    const { pcm, facts, warnings } = await decode(files[name], { targetRateHz: 48_000 });
    expect(facts).toMatchObject({ format, codec, channels: 2, sampleRateHz: 48_000 });
    expect(signalToNoiseDb(mixDown(decodeByFfmpeg(files[name], name), 2), pcm)).toBeGreaterThan(120);
    expect(warnings).toEqual([]);
  });

  it('lies within a sample of what was encoded', async () => {
    const { pcm } = await decode(webm, { targetRateHz: 48_000 });
    expect(Math.abs(bestLag(mixDown(samples, 2), pcm, 50))).toBeLessThanOrEqual(1);
  });

  it('takes the sound of a video without opening its video decoder', async () => {
    const video = generate('clip.webm', [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc=s=64x64:d=1',
        '-f',
        'lavfi',
        '-i',
        'sine=440:d=1',
        '-c:v',
        'libvpx',
        '-c:a',
        'libopus',
      ],
    ]);
    const { facts, warnings } = await decode(video);
    expect(facts).toMatchObject({ format: 'webm', codec: 'opus' });
    expect(warnings).toEqual([]);
  });

  it('refuses video without sound as audio_no_stream', async () => {
    const args = ['-f', 'lavfi', '-i', 'testsrc=s=64x64:d=0.2', '-c:v', 'libvpx'];
    expect(await codeOf(generate('clip.webm', args), { ffmpegPath: null })).toBe('audio_no_stream');
  });

  it('refuses a track with a ContentEncryption element', async () => {
    const encryption = element('6d80', element('6240', element('5035')));
    const soundTrack = (extra: Buffer) => element('ae', element('83', Buffer.of(2)), element('86', 'A_OPUS'), extra);
    const file = (extra: Buffer) =>
      Buffer.concat([
        element('1a45dfa3', element('4282', 'webm')),
        element('18538067', element('1654ae6b', soundTrack(extra))),
      ]);
    expect(await codeOf(file(encryption))).toBe('audio_encrypted');
    expect(await codeOf(file(Buffer.alloc(0)), { ffmpegPath: null })).toBe('audio_unsupported_codec');
  });

  it('refuses half a file that knows its size, keeps half a live recording', async () => {
    expect(await codeOf(webm.subarray(0, webm.length / 2))).toBe('audio_truncated');
    const live = files['live.webm'];
    expect((await decode(live.subarray(0, live.length / 2))).pcm.length).toBeGreaterThan(RATE_HZ);
  });

  it('refuses a declared duration over the limit before any child starts', async () => {
    const error = await failureOf(webm, { limits: limitsWith({ maxDurationSeconds: 2 }), ffmpegPath: '/nonexistent' });
    expect(error.code).toBe('audio_too_long');
  });

  it.each([
    ['only an EBML header', webm.subarray(0, 36), 'audio_corrupt'],
    ['an end before the tracks', webm.subarray(0, 60), 'audio_truncated'],
    ['zeros behind the header', Buffer.concat([webm.subarray(0, 36), Buffer.alloc(1000)]), 'audio_corrupt'],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });
});
