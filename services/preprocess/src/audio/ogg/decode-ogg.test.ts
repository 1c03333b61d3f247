import { describe, expect, it } from 'vitest';
import { codeOf, decode, failureOf, limitsWith, RATE_HZ } from '../testing/expectations.js';
import { sealPage, splitPages, withSerial } from '../testing/ogg-bytes.js';
import { decodeByFfmpeg, encodeAll, generate } from '../testing/reference-ffmpeg.js';
import { bestLag, chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';

const SECONDS = 12;
const samples = chord({ seconds: SECONDS, rateHz: 48_000 });
const files = encodeAll(wav16(samples, { rateHz: 48_000 }), {
  'vorbis.ogg': ['-c:a', 'libvorbis', '-page_duration', '100000'],
  'mono.ogg': ['-c:a', 'libvorbis', '-ac', '1', '-ar', '22050', '-t', '2'],
  'opus.opus': ['-c:a', 'libopus', '-page_duration', '100000'],
  'mono.opus': ['-c:a', 'libopus', '-ac', '1', '-b:a', '32k', '-t', '2'],
  'six.opus': ['-c:a', 'libopus', '-ac', '6', '-t', '1'],
  'flac.oga': ['-c:a', 'flac', '-t', '2'],
  'speex.ogg': ['-c:a', 'libspeex', '-ac', '1', '-ar', '16000', '-t', '1'],
});
const vorbis = files['vorbis.ogg'];
const opus = files['opus.opus'];
const reference = mixDown(samples, 2);

/** The file without some of its pages. */
function without(file: Buffer, lost: (index: number) => boolean): Buffer {
  return Buffer.concat(splitPages(file).filter((_, index) => !lost(index)));
}

describe('decodeOgg', () => {
  it.each([
    ['vorbis.ogg', 'vorbis', 2, 48_000, 12, 70],
    ['mono.ogg', 'vorbis', 1, 22_050, 2, 70],
    ['opus.opus', 'opus', 2, 48_000, 12, 80],
    ['mono.opus', 'opus', 1, 48_000, 2, 80],
    ['six.opus', 'opus', 6, 48_000, 1, 80],
    ['flac.oga', 'flac', 2, 48_000, 2, 130],
  ] as const)(
    'decodes %s as ffmpeg does, of the same length',
    async (name, codec, channels, rateHz, seconds, snrDb) => {
      const { pcm, facts, warnings } = await decode(files[name], { targetRateHz: rateHz });
      expect(facts).toMatchObject({ format: 'ogg', codec, channels, sampleRateHz: rateHz, durationSeconds: seconds });
      const decoded = mixDown(decodeByFfmpeg(files[name], name, `lib${codec}`.replace('libflac', 'flac')), channels);
      expect(signalToNoiseDb(decoded, pcm, { margin: 1000 })).toBeGreaterThan(snrDb);
      expect(warnings).toEqual([]);
    },
  );

  it.each(['vorbis.ogg', 'opus.opus'] as const)('puts %s where the original lies', async (name) => {
    const { pcm } = await decode(files[name], { targetRateHz: 48_000 });
    expect(Math.abs(bestLag(reference.subarray(0, 96_000), pcm.subarray(0, 96_000), 100))).toBeLessThanOrEqual(1);
  });

  it('plays both links of a chain, even of different codecs and rates', async () => {
    const chain = Buffer.concat([withSerial(files['mono.opus'], 1), withSerial(files['mono.ogg'], 2)]);
    const { pcm, facts } = await decode(chain);
    expect(facts).toMatchObject({ codec: 'opus', durationSeconds: 4 });
    expect(pcm).toHaveLength(4 * RATE_HZ);
    const second = (await decode(files['mono.ogg'])).pcm;
    expect(signalToNoiseDb(second, pcm.subarray(2 * RATE_HZ), { margin: 200 })).toBeGreaterThan(60);
  });

  it('takes the sound from a file that also holds video', async () => {
    const video = generate('clip.ogv', [
      ...['-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1', '-f', 'lavfi', '-i', 'sine=440:d=1'],
      ...['-c:v', 'libtheora', '-c:a', 'libvorbis'],
    ]);
    const { facts } = await decode(video);
    expect(facts.codec).toBe('vorbis');
    expect(facts.durationSeconds).toBeCloseTo(1, 2);
  });

  it('refuses video without sound as audio_no_stream', async () => {
    const args = ['-f', 'lavfi', '-i', 'testsrc=s=64x64:d=0.2', '-c:v', 'libtheora'];
    expect(await codeOf(generate('clip.ogv', args))).toBe('audio_no_stream');
  });

  it('leaves Speex to ffmpeg', async () => {
    const { facts } = await decode(files['speex.ogg']);
    expect(facts).toMatchObject({ format: 'ogg', codec: 'speex' });
    expect(await codeOf(files['speex.ogg'], { ffmpegPath: null })).toBe('audio_unsupported_codec');
  });

  it.each([
    ['vorbis', vorbis],
    ['opus', opus],
  ])('keeps a %s file that ends early, warning truncated, for nothing declares its length', async (_, file) => {
    const { pcm, warnings } = await decode(file.subarray(0, file.length / 2));
    expect(warnings).toEqual(['truncated']);
    expect(pcm.length).toBeGreaterThan(5 * RATE_HZ);
  });

  it.each([
    ['vorbis', vorbis],
    ['opus', opus],
  ])('replaces one lost %s page in 120 by silence and keeps the rest at its time', async (_, file) => {
    const { pcm, warnings } = await decode(
      without(file, (index) => index === 60),
      { targetRateHz: 48_000 },
    );
    expect(warnings).toEqual(['damaged']);
    const tail = [pcm.length - 200_000, pcm.length - 1000] as const;
    expect(signalToNoiseDb(reference.subarray(...tail), pcm.subarray(...tail))).toBeGreaterThan(15);
    expect(Math.abs(pcm.length - SECONDS * 48_000)).toBeLessThan(4096);
  });

  it.each([
    ['vorbis', vorbis],
    ['opus', opus],
  ])('refuses a %s file with one page in ten gone', async (_, file) => {
    expect(await codeOf(without(file, (index) => index > 5 && index % 10 === 0))).toBe('audio_corrupt');
  });

  it('drops a page whose checksum is wrong instead of decoding its noise', async () => {
    const pages = splitPages(opus);
    pages[60]![100]! ^= 0xff;
    expect((await decode(Buffer.concat(pages))).warnings).toEqual(['damaged']);
  });

  it('refuses a duration of 12 s over a limit of 10 s at the first page', async () => {
    const error = await failureOf(vorbis, { limits: limitsWith({ maxDurationSeconds: 10 }) });
    expect(error).toMatchObject({ code: 'audio_too_long', details: { limit: 10, observed: 12 } });
  });

  it('refuses a granule that jumps to ten hours', async () => {
    const pages = splitPages(opus);
    pages.at(-1)!.writeBigInt64LE(BigInt(36_000 * 48_000), 6);
    sealPage(pages.at(-1)!);
    expect(await codeOf(Buffer.concat(pages))).toBe('audio_too_long');
  });

  it('applies the output gain of the OpusHead', async () => {
    const pages = splitPages(opus);
    const gain = 28 + 16;
    pages[0]!.writeInt16LE(-6 * 256, gain);
    sealPage(pages[0]!);
    const [quiet, loud] = [await decode(Buffer.concat(pages)), await decode(opus)];
    expect(quiet.pcm[RATE_HZ]! / loud.pcm[RATE_HZ]!).toBeCloseTo(10 ** (-6 / 20), 3);
  });

  it.each([
    ['0 channels', 9, 0, 'audio_channels_out_of_range'],
    ['200 channels', 9, 200, 'audio_channels_out_of_range'],
    ['3 channels without a mapping', 9, 3, 'audio_corrupt'],
    ['ambisonics with a matrix', 18, 3, 'audio_unsupported_codec'],
  ])('refuses an OpusHead of %s', async (_, field, value, code) => {
    const pages = splitPages(opus);
    pages[0]![28 + field] = value;
    sealPage(pages[0]!);
    expect(await codeOf(Buffer.concat(pages))).toBe(code);
  });

  it.each([
    ['0 Hz', 12, [0, 0, 0, 0], 'audio_rate_out_of_range'],
    ['2^31 Hz', 12, [0, 0, 0, 128], 'audio_rate_out_of_range'],
    ['255 channels', 11, [255], 'audio_channels_out_of_range'],
  ])('refuses a Vorbis header of %s', async (_, field, value, code) => {
    const pages = splitPages(vorbis);
    pages[0]!.set(value, 28 + field);
    sealPage(pages[0]!);
    expect(await codeOf(Buffer.concat(pages))).toBe(code);
  });

  it('refuses a Vorbis stream without its setup header', async () => {
    expect(await codeOf(without(vorbis, (index) => index === 1))).toBe('audio_corrupt');
  });

  it('ends within 5 s on one packet that spans 300 pages of 64 KiB', { timeout: 20_000 }, async () => {
    const [head] = splitPages(vorbis);
    const page = Buffer.concat([
      Buffer.from('OggS\0\x01', 'latin1'),
      Buffer.alloc(20),
      Buffer.from([255]),
      Buffer.alloc(255, 255),
    ]);
    page.writeBigInt64LE(-1n, 6);
    page.writeUInt32LE(head!.readUInt32LE(14), 14);
    const body = Buffer.alloc(255 * 255, 5);
    const pages = Array.from({ length: 300 }, (_, index) => {
      const copy = Buffer.concat([page, body]);
      copy.writeUInt32LE(index + 1, 18);
      return sealPage(copy);
    });
    const started = performance.now();
    expect(await codeOf(Buffer.concat([head!, ...pages]))).toMatch(/^audio_(corrupt|empty)$/);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
