import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, decode, failureOf, limitsWith, RATE_HZ } from '../testing/expectations.js';
import { flacBomb } from '../testing/flac-bomb.js';
import { decodeByFfmpeg, encode, encodeAll } from '../testing/reference-ffmpeg.js';
import { chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';
import { cutFrames } from './flac-frames.js';
import { parseMetadata, parseStreamInfo } from './flac-header.js';

const SECONDS = 20;
/** What ffmpeg chooses at 44.1 kHz. */
const BLOCK_SIZE = 4608;
const samples = chord({ seconds: SECONDS });
const files = encodeAll(wav16(samples), {
  'sixteen.flac': [],
  'twentyfour.flac': ['-sample_fmt', 's32', '-bits_per_raw_sample', '24'],
  'small-blocks.flac': ['-frame_size', '256', '-t', '1'],
  'eight-channels.flac': ['-t', '0.5', '-ac', '8'],
  'odd-rate.flac': ['-t', '0.5', '-ar', '37000'],
});
const sixteen = files['sixteen.flac'];
const { audioOffset, streamInfo } = parseMetadata(sixteen, 0);
const info = parseStreamInfo(streamInfo);
const frames = [...cutFrames(sixteen, audioOffset, info)];

/** Offset of frame `index` in `sixteen`. */
function frameOffset(index: number): number {
  let at = audioOffset;
  for (const frame of frames.slice(0, index)) if (frame.kind === 'frame') at += frame.data.length;
  return at;
}

/** `sixteen` with one bit turned over in the middle of each of these frames. */
function damaged(indexes: number[]): Buffer {
  const copy = Buffer.from(sixteen);
  for (const index of indexes) {
    const at = Math.floor((frameOffset(index) + frameOffset(index + 1)) / 2);
    copy[at] = copy[at]! ^ 4;
  }
  return copy;
}

describe('decodeFlac', () => {
  it.each([
    ['sixteen.flac', 2, 44_100],
    ['twentyfour.flac', 2, 44_100],
    ['small-blocks.flac', 2, 44_100],
    ['eight-channels.flac', 8, 44_100],
    ['odd-rate.flac', 2, 37_000],
  ] as const)('decodes %s to the samples ffmpeg gives', async (name, channels, rateHz) => {
    const { pcm, facts, warnings } = await decode(files[name], { targetRateHz: rateHz });
    const reference = mixDown(decodeByFfmpeg(files[name], name), channels);
    expect(signalToNoiseDb(reference, pcm)).toBeGreaterThan(130);
    expect(pcm).toHaveLength(reference.length);
    expect(facts).toMatchObject({ format: 'flac', codec: 'flac', channels, sampleRateHz: rateHz });
    expect(facts.decoder).toMatch(/^@wasm-audio-decoders\/flac \d/);
    expect(warnings).toEqual([]);
  });

  it('decodes a flac whose header does not know its length', async () => {
    const copy = Buffer.from(sixteen);
    copy.fill(0, 8 + 14, 8 + 18);
    copy[8 + 13]! &= 0xf0;
    expect((await decode(copy)).pcm).toHaveLength(SECONDS * RATE_HZ);
  });

  it('replaces one damaged frame in 192 by silence and warns', async () => {
    const clean = (await decode(sixteen)).pcm;
    const { pcm, warnings } = await decode(damaged([100]));
    expect(warnings).toEqual(['damaged']);
    expect(pcm).toHaveLength(clean.length);
    const start = 100 * BLOCK_SIZE;
    expect(pcm.subarray(start, start + BLOCK_SIZE).every((sample) => sample === 0)).toBe(true);
    for (const [from, to] of [
      [0, start],
      [start + BLOCK_SIZE, clean.length],
    ] as const)
      expect(signalToNoiseDb(clean.subarray(from, to), pcm.subarray(from, to))).toBe(Infinity);
  });

  it('refuses three damaged frames in 192 as corrupt', async () => {
    expect(await failureOf(damaged([10, 100, 150]))).toMatchObject({ code: 'audio_corrupt', details: { lost: 3 } });
  });

  it('refuses the first half as truncated, accepts 96 % with a warning', async () => {
    expect(await codeOf(sixteen.subarray(0, sixteen.length / 2))).toBe('audio_truncated');
    const { warnings } = await decode(sixteen.subarray(0, frameOffset(185)));
    expect(warnings).toEqual(['truncated']);
  });

  it('refuses metadata without STREAMINFO and a file that ends inside it', async () => {
    const noInfo = Buffer.from(sixteen);
    noInfo[4] = 4;
    expect(await codeOf(noInfo)).toBe('audio_corrupt');
    expect(await codeOf(sixteen.subarray(0, 6))).toBe('audio_truncated');
    expect(await codeOf(sixteen.subarray(0, audioOffset))).toBe('audio_truncated');
  });

  it('ignores a wrong MD5, for every frame carries its own checksum', async () => {
    const copy = Buffer.from(sixteen);
    copy.fill(7, 8 + 18, 8 + 34);
    expect((await decode(copy)).warnings).toEqual([]);
  });

  it('refuses one declared hour of 8 channels at 192 kHz, 22 GB, before decoding', async () => {
    const bomb = flacBomb({ frames: 10_547, channels: 8, rateHz: 192_000, declaredSamples: 3600 * 192_000 });
    expect(bomb.length).toBeLessThan(500_000);
    expect(await codeOf(bomb, { targetRateHz: 16_000 })).toBe('audio_decode_limit');
  });

  it('stops the same bomb while decoding when it hides its length, within 150 MB', async () => {
    const bomb = flacBomb({ frames: 10_547, channels: 8, rateHz: 192_000 });
    const before = process.memoryUsage().rss;
    const limits = limitsWith({ maxSourceSamples: 6e7 });
    expect(await codeOf(bomb, { targetRateHz: 16_000, limits })).toBe('audio_decode_limit');
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });

  it('stops a hidden length at the duration limit too', async () => {
    const bomb = flacBomb({ frames: 400, channels: 1, rateHz: 8000 });
    const limits = limitsWith({ maxDurationSeconds: 600 });
    expect(await codeOf(bomb, { targetRateHz: 16_000, limits })).toBe('audio_too_long');
  });

  it('leaves 12-bit samples, which the library divides by nothing, to ffmpeg', async () => {
    const flac = encode(wav16(chord({ seconds: 0.2 })), 'clip.flac');
    const depth = Buffer.from(flac);
    depth[8 + 12]! &= 0xfe;
    depth[8 + 13] = (depth[8 + 13]! & 0x0f) | 0xb0;
    expect(await codeOf(depth, { ffmpegPath: null })).toBe('audio_unsupported_codec');
  });
});

describe('a flac whose last checksum ends in 00', () => {
  it('decodes whole: each of those among 1,500 files of a fifth of a second', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'timbre-flac-'));
    try {
      const source = ['-f', 'lavfi', '-i', 'anoisesrc=duration=300:sample_rate=8000:amplitude=0.3:seed=7'];
      const cut = ['-f', 'segment', '-segment_time', '0.2', '-c:a', 'flac', join(folder, '%04d.flac')];
      execFileSync('ffmpeg', ['-v', 'error', ...source, ...cut]);
      const names = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
      // Above 9,000 bytes: a segment without a frame is header and padding, which ends in 00 as well.
      const early = names.filter((bytes) => bytes.at(-1) === 0 && bytes.length > 9000);
      expect(early.length).toBeGreaterThan(0);
      for (const bytes of early) expect((await decode(bytes)).warnings).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
