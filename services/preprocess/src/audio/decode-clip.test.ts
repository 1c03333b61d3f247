import { describe, expect, it } from 'vitest';
import { decodeClip, defaultDecodeLimits } from './decode-clip.js';
import { codeOf, decode, limitsWith } from './testing/expectations.js';
import { encodeAll } from './testing/reference-ffmpeg.js';
import { bestLag, chord, signalToNoiseDb } from './testing/signals.js';
import { wav16 } from './testing/wav-bytes.js';

const SECONDS = 2;
const RATE_HZ = 16_000;
const source = wav16(chord({ seconds: SECONDS }));
const files = encodeAll(source, {
  'clip.wav': [],
  'clip.aiff': [],
  'clip.flac': [],
  'clip.mp3': ['-b:a', '192k'],
  'clip.ogg': ['-c:a', 'libvorbis', '-q:a', '7'],
  'clip.opus': ['-c:a', 'libopus', '-b:a', '160k'],
  'clip.m4a': ['-b:a', '192k'],
  'clip.webm': ['-c:a', 'libopus', '-b:a', '160k'],
  'clip.aac': ['-b:a', '192k'],
  'clip.caf': [],
  'clip.avi': ['-c:a', 'pcm_s16le'],
  'clip.au': [],
  'clip.w64': [],
});
type FileName = keyof typeof files;
const at16k = { targetRateHz: RATE_HZ };
const { pcm: wav } = await decode(source, at16k);

describe('decodeClip', () => {
  it.each([
    ['clip.wav', 'wav', 'pcm_s16le', 120],
    ['clip.aiff', 'aiff', 'pcm_s16be', 120],
    ['clip.flac', 'flac', 'flac', 120],
    ['clip.mp3', 'mp3', 'mp3', 20],
    ['clip.ogg', 'ogg', 'vorbis', 20],
    ['clip.opus', 'ogg', 'opus', 20],
    ['clip.m4a', 'm4a', 'aac', 20],
    ['clip.webm', 'webm', 'opus', 20],
    ['clip.caf', 'caf', 'pcm_s16be', 120],
    ['clip.avi', 'avi', 'pcm_s16le', 120],
    ['clip.au', 'au', 'pcm_s16be', 120],
    ['clip.w64', 'w64', 'pcm_s16le', 120],
  ] as const)('gives the same 2 s as %s, at the same time, at 16 kHz', async (name, format, codec, snrDb) => {
    const { pcm, facts, warnings } = await decode(files[name], at16k);
    expect(facts).toMatchObject({ format, codec, channels: 2 });
    expect(bestLag(wav, pcm, 20)).toBe(0);
    expect(signalToNoiseDb(wav, pcm, { margin: 200 })).toBeGreaterThan(snrDb);
    expect(Math.abs(facts.durationSeconds - SECONDS)).toBeLessThan(0.03);
    expect(warnings).toEqual([]);
  });

  it('gives bare AAC late by the 1024 samples of encoder delay that ADTS has no field for', async () => {
    const { pcm, facts } = await decode(files['clip.aac'], at16k);
    expect(facts).toMatchObject({ format: 'aac', codec: 'aac' });
    expect(bestLag(wav, pcm, 500)).toBe(Math.round((1024 * RATE_HZ) / 44_100));
  });

  it('gives the same result when several clips are decoded at once', async () => {
    const names: FileName[] = ['clip.mp3', 'clip.flac', 'clip.ogg', 'clip.opus', 'clip.wav'];
    const apart: Float32Array[] = [];
    for (const name of names) apart.push((await decode(files[name], at16k)).pcm);
    const together = await Promise.all(names.map((name) => decode(files[name], at16k)));
    together.forEach(({ pcm }, i) => expect(Buffer.from(pcm.buffer).equals(Buffer.from(apart[i]!.buffer))).toBe(true));
  });

  it('does not change the bytes it is given', async () => {
    for (const bytes of Object.values(files)) {
      const copy = Buffer.from(bytes);
      await decode(bytes, { ffmpegPath: null }).catch(() => undefined);
      expect(copy.equals(bytes)).toBe(true);
    }
  });

  it.each(['clip.wav', 'clip.mp3', 'clip.flac', 'clip.ogg', 'clip.opus', 'clip.m4a'] as const)(
    'ends %s with audio_decode_timeout when the time is used up',
    async (name) => {
      const limits = limitsWith({ decodeWallMs: 0.001 });
      expect(await codeOf(files[name], { limits })).toBe('audio_decode_timeout');
    },
  );

  it('throws the reason of a signal that was aborted before', async () => {
    const reason = new Error('canceled');
    const options = { ...at16k, limits: defaultDecodeLimits, signal: AbortSignal.abort(reason) };
    await expect(decodeClip(source, options)).rejects.toBe(reason);
  });

  it('stops a long decode within 200 ms of an abort', async () => {
    const minutes = wav16(new Float32Array(44_100 * 120), { channels: 1 });
    const controller = new AbortController();
    const pending = decode(minutes, { ...at16k, signal: controller.signal });
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      controller.abort(new Error('canceled'));
    }, 1);
    await expect(pending).rejects.toThrow('canceled');
    expect(performance.now() - abortedAt).toBeLessThan(200);
  });

  it('never decodes a playlist, whatever file it points at', async () => {
    const playlist = Buffer.from(
      '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n',
    );
    expect(await codeOf(playlist)).toBe('audio_unrecognized_format');
    expect(await codeOf(Buffer.concat([files['clip.avi'].subarray(0, 12), playlist]))).toMatch(/^audio_/);
  });
});
