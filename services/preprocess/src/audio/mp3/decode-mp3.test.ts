import { MPEGDecoder } from 'mpg123-decoder';
import { describe, expect, it, vi } from 'vitest';
import { codeOf, decode, failureOf, limitsWith } from '../testing/expectations.js';
import { decodeByFfmpeg, encodeAll } from '../testing/reference-ffmpeg.js';
import { bestLag, chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';
import { parseMpegHeader } from './mpeg-header.js';
import { findMpegStart, scanMpeg } from './scan-mpeg.js';

const SECONDS = 3;
const samples = chord({ seconds: SECONDS });
const files = encodeAll(wav16(samples), {
  'vbr.mp3': ['-q:a', '4'],
  'cbr.mp3': ['-b:a', '128k'],
  'mono.mp3': ['-ac', '1', '-b:a', '64k'],
  'mpeg2.mp3': ['-ar', '22050', '-b:a', '64k'],
  'mpeg25.mp3': ['-ar', '8000', '-b:a', '16k'],
  'bare.mp3': ['-write_xing', '0', '-id3v2_version', '0'],
  'tagged.mp3': ['-write_id3v1', '1', '-metadata', 'title=x'],
  'layer2.mp2': ['-b:a', '192k'],
});
const bare = files['bare.mp3'];

/** A copy with the byte at `at` and the following ones replaced. */
function patched(bytes: Buffer, at: number, patch: number[]): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(patch, at);
  return copy;
}

describe('decodeMp3', () => {
  it.each([
    ['vbr.mp3', 'mp3', 2, 44_100],
    ['cbr.mp3', 'mp3', 2, 44_100],
    ['mono.mp3', 'mp3', 1, 44_100],
    ['mpeg2.mp3', 'mp3', 2, 22_050],
    ['mpeg25.mp3', 'mp3', 2, 8000],
    ['tagged.mp3', 'mp3', 2, 44_100],
  ] as const)('decodes %s as ffmpeg does, without the encoder delay', async (name, codec, channels, rateHz) => {
    const { pcm, facts, warnings } = await decode(files[name], { targetRateHz: rateHz });
    expect(facts).toMatchObject({ format: 'mp3', codec, channels, sampleRateHz: rateHz, durationSeconds: SECONDS });
    expect(facts.decoder).toMatch(/^mpg123-decoder \d+\.\d+\.\d+$/);
    expect(warnings).toEqual([]);
    const reference = mixDown(decodeByFfmpeg(files[name], name), channels);
    expect(signalToNoiseDb(reference, pcm, { margin: 2000 })).toBeGreaterThan(75);
  });

  it('lies within a sample of what was encoded', async () => {
    const { pcm } = await decode(files['cbr.mp3']);
    expect(Math.abs(bestLag(mixDown(samples, 2), pcm, 50))).toBeLessThanOrEqual(1);
  });

  it('decodes layer II', async () => {
    const { pcm, facts } = await decode(files['layer2.mp2']);
    expect(facts.codec).toBe('mp2');
    const reference = mixDown(decodeByFfmpeg(files['layer2.mp2'], 'clip.mp2'), 2);
    expect(signalToNoiseDb(reference, pcm, { margin: 2000 })).toBeGreaterThan(75);
  });

  it('refuses an mp3 cut to half, which mpg123 decodes without a word', async () => {
    const whole = files['cbr.mp3'];
    expect(await codeOf(whole.subarray(0, whole.length / 2))).toBe('audio_truncated');
  });

  it('accepts an mp3 that lacks its last 3 % with the warning truncated', async () => {
    const whole = files['cbr.mp3'];
    const { warnings } = await decode(whole.subarray(0, Math.floor(whole.length * 0.97)));
    expect(warnings).toEqual(['truncated']);
  });

  it('refuses a Xing header that promises ten times the frames', async () => {
    const whole = files['vbr.mp3'];
    const frames = whole.indexOf('Xing', 0, 'latin1') + 8;
    expect(await codeOf(patched(whole, frames, [0, 1, 0, 0]))).toBe('audio_truncated');
  });

  it('refuses an ID3 tag of 256 MB at once', async () => {
    const tag = Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7f', 'latin1');
    expect(await codeOf(Buffer.concat([tag, bare]))).toBe('audio_truncated');
  });

  it('decodes behind 20,000 bytes of garbage, refuses garbage in the middle', async () => {
    const garbage = Buffer.alloc(20_000, 0x55);
    expect((await decode(Buffer.concat([garbage, bare]))).facts.durationSeconds).toBeCloseTo(SECONDS, 1);
    const middle = bare.length / 2;
    const torn = Buffer.concat([bare.subarray(0, middle), garbage, bare.subarray(middle)]);
    expect(await failureOf(torn)).toMatchObject({ code: 'audio_corrupt' });
  });

  it('warns of one frame lost in 30 s and keeps the rest', async () => {
    const long = Buffer.concat(Array.from({ length: 10 }, () => bare));
    const second = findMpegStart(bare, 0) + parseMpegHeader(bare, 0)!.frameBytes;
    const { warnings, facts } = await decode(patched(long, bare.length * 5 + second, [0, 0, 0, 0]));
    expect(warnings).toEqual(['damaged']);
    expect(facts.durationSeconds).toBeGreaterThan(29.9);
  });

  it('ignores ID3v1, APEv2 and zeros behind the last frame', async () => {
    const ape = Buffer.alloc(32);
    ape.write('APETAGEX', 'latin1');
    ape.writeUInt32LE(32 + 500, 12);
    const id3 = Buffer.concat([Buffer.from('TAG', 'latin1'), Buffer.alloc(125, 0x41)]);
    for (const tail of [id3, Buffer.concat([Buffer.alloc(500, 0x42), ape, id3]), Buffer.alloc(9000)])
      expect((await decode(Buffer.concat([bare, tail]))).warnings).toEqual([]);
  });

  it('knows the duration from the frames and refuses 3 s over a limit of 2 s without decoding', async () => {
    const error = await failureOf(bare, { limits: limitsWith({ maxDurationSeconds: 2 }) });
    expect(error).toMatchObject({ code: 'audio_too_long', details: { limit: 2, observed: 3 } });
  });

  it('keeps the lines that mpg123 prints about damage out of the log', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const long = Buffer.concat([
      bare,
      bare,
      bare,
      bare,
      bare,
      bare,
      Buffer.alloc(3000, 0x55),
      bare,
      bare,
      bare,
      bare,
      bare,
    ]);
    const library = new MPEGDecoder();
    await library.ready;
    library.decode(long);
    library.free();
    expect(printed).toHaveBeenCalled();
    printed.mockClear();
    expect((await decode(long)).warnings).toEqual(['damaged']);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});

describe('scanMpeg', () => {
  it('counts 115 frames in 3 s without an Info frame', () => {
    const scan = scanMpeg(bare, findMpegStart(bare, 0));
    expect(scan).toMatchObject({ frames: 116, lostFrames: 0, declaredFrames: null });
  });

  it('reads the frame count of the Info header and leaves its frame out', () => {
    const whole = files['cbr.mp3'];
    const scan = scanMpeg(whole, findMpegStart(whole, whole.indexOf(0xff, 10)));
    expect(scan?.declaredFrames).toBe(scan?.frames);
  });

  it.each([
    ['44.1 kHz, 128 kbit/s', [0xff, 0xfb, 0x90, 0x00], { frameBytes: 417, samplesPerFrame: 1152, channels: 2 }],
    ['padding', [0xff, 0xfb, 0x92, 0x00], { frameBytes: 418 }],
    ['mono', [0xff, 0xfb, 0x90, 0xc0], { channels: 1 }],
    ['22.05 kHz', [0xff, 0xf3, 0x80, 0x00], { frameBytes: 208, samplesPerFrame: 576, sampleRateHz: 22_050 }],
    ['layer I, 384 kbit/s', [0xff, 0xff, 0xc0, 0x00], { frameBytes: 416, samplesPerFrame: 384, layer: 1 }],
    ['8 kHz', [0xff, 0xe3, 0x18, 0x00], { sampleRateHz: 8000, version: 2.5 }],
  ])('reads a header of %s', (_, bytes, expected) => {
    expect(parseMpegHeader(Uint8Array.from(bytes), 0)).toMatchObject(expected);
  });

  it.each([
    ['free format', [0xff, 0xfb, 0x00, 0x00]],
    ['bit rate 15', [0xff, 0xfb, 0xf0, 0x00]],
    ['rate 3', [0xff, 0xfb, 0x9c, 0x00]],
    ['layer 0', [0xff, 0xf9, 0x90, 0x00]],
    ['the reserved version', [0xff, 0xeb, 0x90, 0x00]],
  ])('knows no frame size for %s', (_, bytes) => {
    expect(parseMpegHeader(Uint8Array.from(bytes), 0)).toBeNull();
  });
});
