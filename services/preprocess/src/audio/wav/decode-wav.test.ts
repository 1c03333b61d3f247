import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { codeOf, decode, failureOf, limitsWith, RATE_HZ } from '../testing/expectations.js';
import { decodeByFfmpeg, encodeAll } from '../testing/reference-ffmpeg.js';
import { chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { chunk, fmtChunk, wav16, wavBytes } from '../testing/wav-bytes.js';

const samples = chord({ seconds: 0.5 });
const source = wav16(samples);
const HOUR_BYTES = 3600 * RATE_HZ * 2;

const isSame = (a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>) =>
  Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe('decodeWav', () => {
  const encodings = [
    'pcm_u8',
    'pcm_s16le',
    'pcm_s24le',
    'pcm_s32le',
    'pcm_f32le',
    'pcm_f64le',
    'pcm_alaw',
    'pcm_mulaw',
  ];
  const files = encodeAll(source, Object.fromEntries(encodings.map((codec) => [`${codec}.wav`, ['-c:a', codec]])));

  it.each(encodings)('decodes %s to the samples ffmpeg gives, bit for bit in float', async (codec) => {
    const bytes = files[`${codec}.wav`]!;
    const { pcm, facts, warnings } = await decode(bytes);
    expect(signalToNoiseDb(mixDown(decodeByFfmpeg(bytes, 'clip.wav'), 2), pcm)).toBeGreaterThan(140);
    expect(pcm).toHaveLength(RATE_HZ / 2);
    expect(facts).toMatchObject({ format: 'wav', codec, sampleRateHz: RATE_HZ, channels: 2, durationSeconds: 0.5 });
    expect(warnings).toEqual([]);
  });

  it.each(['8', '16', '24', '32', '32f', '64'])('decodes what wavefile writes with bit depth %s', async (depth) => {
    const wav = new wavefile.WaveFile();
    wav.fromScratch(1, RATE_HZ, '32f', mixDown(samples, 2));
    wav.toBitDepth(depth);
    const { pcm } = await decode(wav.toBuffer());
    expect(signalToNoiseDb(mixDown(samples, 2), pcm)).toBeGreaterThan(depth === '8' ? 30 : 75);
  });

  it('decodes 6 channels of 20 bits in 3 bytes, EXTENSIBLE, to their mean', async () => {
    const six = chord({ seconds: 0.1, channels: 6, rateHz: 48_000 });
    const data = Buffer.alloc(six.length * 3);
    // Fewer bits than the container holds are its upper bits (Microsoft, WAVEFORMATEXTENSIBLE).
    six.forEach((sample, i) => data.writeIntLE(Math.round(sample * 2 ** 19) * 16, i * 3, 3));
    const bytes = wavBytes({
      channels: 6,
      rateHz: 48_000,
      bits: 24,
      extensible: { validBits: 20, subFormat: 1 },
      data,
    });
    const { pcm, facts } = await decode(bytes, { targetRateHz: 48_000 });
    expect(facts).toMatchObject({ channels: 6, codec: 'pcm_s24le' });
    expect(signalToNoiseDb(mixDown(six, 6), pcm)).toBeGreaterThan(100);
  });

  it('finds the samples behind LIST, fact and odd-sized chunks, padded or not', async () => {
    const expected = (await decode(wavBytes({ data: source.subarray(44) }))).pcm;
    const list = chunk('LIST', Buffer.alloc(5001, 0x41));
    const unpadded = list.subarray(0, list.length - 1);
    for (const between of [
      [chunk('fact', Buffer.alloc(4)), list],
      [unpadded],
      [chunk('JUNK', Buffer.alloc(0)), list],
    ]) {
      const bytes = wavBytes({ before: [chunk('bext', Buffer.alloc(603))], between, data: source.subarray(44) });
      expect(isSame((await decode(bytes)).pcm, expected)).toBe(true);
    }
  });

  it('reads from a view into a larger buffer at an odd offset', async () => {
    const shifted = Buffer.concat([Buffer.alloc(3), source]).subarray(3);
    expect(isSame((await decode(shifted)).pcm, (await decode(source)).pcm)).toBe(true);
  });

  it.each([
    ['0xffffffff', { dataSize: 0xffffffff, riffSize: 0xffffffff }],
    ['0 in both headers', { dataSize: 0, riffSize: 0 }],
    ["sox's 0x7ffff000", { dataSize: 0x7ffff000, riffSize: 0x7ffff024 }],
  ])('takes a streamed size of %s to the end of the file', async (_, sizes) => {
    const { pcm, warnings } = await decode(wavBytes({ data: Buffer.alloc(44_100 * 2, 1), ...sizes }));
    expect(pcm).toHaveLength(RATE_HZ);
    expect(warnings).not.toContain('truncated');
  });

  it('takes the size of an RF64 file from its ds64 chunk', async () => {
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(2000n, 8);
    const fields = { riffId: 'RF64', riffSize: 0xffffffff, dataSize: 0xffffffff, before: [chunk('ds64', ds64)] };
    expect((await decode(wavBytes({ ...fields, data: Buffer.alloc(2000) }))).pcm).toHaveLength(1000);
    expect(await codeOf(wavBytes({ ...fields, data: Buffer.alloc(1000) }))).toBe('audio_truncated');
  });

  it('accepts 96 % of the declared samples with the warning truncated, refuses 94 %', async () => {
    const bytes = wavBytes({ data: Buffer.alloc(20_000, 3) });
    const cut = await decode(bytes.subarray(0, 44 + 19_200));
    expect(cut.pcm).toHaveLength(9600);
    expect(cut.warnings).toContain('truncated');
    expect(await failureOf(bytes.subarray(0, 44 + 18_800))).toMatchObject({
      code: 'audio_truncated',
      details: { declared: 10_000, observed: 9400 },
    });
  });

  it.each([
    ['no channels', { channels: 0, blockAlign: 2 }, 'audio_channels_out_of_range'],
    ['65,535 channels', { channels: 65_535 }, 'audio_channels_out_of_range'],
    ['9 channels', { channels: 9 }, 'audio_channels_out_of_range'],
    ['0 Hz', { rateHz: 0 }, 'audio_rate_out_of_range'],
    ['1 GHz', { rateHz: 1_000_000_000 }, 'audio_rate_out_of_range'],
    ['2^31 Hz', { rateHz: 2 ** 31 }, 'audio_rate_out_of_range'],
    ['a block align of 0', { blockAlign: 0 }, 'audio_corrupt'],
    ['a block align smaller than its bits', { channels: 2, blockAlign: 2 }, 'audio_corrupt'],
    ['floats of 3 bytes', { formatTag: 3, bits: 24 }, 'audio_corrupt'],
    ['no samples', { data: Buffer.alloc(0) }, 'audio_empty'],
    ['less than one frame', { data: Buffer.alloc(1) }, 'audio_empty'],
    ['fmt twice', { before: [fmtChunk()] }, 'audio_corrupt'],
    ['a second fmt behind the samples', { after: [fmtChunk()] }, 'audio_corrupt'],
    ['data before fmt', { before: [chunk('data', Buffer.alloc(100))] }, 'audio_corrupt'],
    [
      '20,000 chunks',
      { before: Array.from({ length: 20_000 }, () => chunk('LIST', Buffer.alloc(0))) },
      'audio_corrupt',
    ],
    ['a LIST of 4 GiB', { between: [chunk('LIST', Buffer.alloc(10), 0xfffffff0)] }, 'audio_corrupt'],
  ])('refuses %s', async (_, fields, code) => {
    expect(await codeOf(wavBytes(fields))).toBe(code);
  });

  it('refuses a file without fmt as corrupt and one that ends before it as truncated', async () => {
    const head = Buffer.from('RIFF\x6c\0\0\0WAVE', 'latin1');
    expect(await codeOf(Buffer.concat([head, chunk('data', Buffer.alloc(100))]))).toBe('audio_corrupt');
    expect(await codeOf(head)).toBe('audio_truncated');
    expect(await codeOf(source.subarray(0, 30))).toBe('audio_truncated');
  });

  it('refuses 5 declared hours from the header, whether the samples are there or not', async () => {
    const error = await failureOf(wavBytes({ dataSize: 5 * HOUR_BYTES }));
    expect(error).toMatchObject({ code: 'audio_too_long', details: { limit: 3600, observed: 18_000 } });
  });

  it('refuses one hour at 44.1 kHz, 635 MB of PCM, with audio_decode_limit', async () => {
    expect(await codeOf(wavBytes({ dataSize: HOUR_BYTES }))).toBe('audio_decode_limit');
  });

  it('counts samples that the header did not declare against the limits', async () => {
    const bytes = wavBytes({ dataSize: 0xffffffff, data: Buffer.alloc(RATE_HZ * 4) });
    expect(await codeOf(bytes, { limits: limitsWith({ maxDurationSeconds: 1 }) })).toBe('audio_too_long');
    expect(await codeOf(bytes, { limits: limitsWith({ maxPcmBytes: RATE_HZ * 4 }) })).toBe('audio_decode_limit');
  });

  it.each([NaN, Infinity, -Infinity])('refuses one sample that is %d', async (value) => {
    const floats = new Float32Array(30_000).fill(0.1);
    floats[29_999] = value;
    const bytes = wavBytes({ formatTag: 3, bits: 32, data: new Uint8Array(floats.buffer) });
    expect(await codeOf(bytes)).toBe('audio_nonfinite');
    expect(await codeOf(bytes, { targetRateHz: 16_000 })).toBe('audio_nonfinite');
  });

  it('clips floats beyond full scale and says so', async () => {
    const floats = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 ? 1e30 : -2));
    const { pcm, warnings } = await decode(wavBytes({ formatTag: 3, bits: 32, data: new Uint8Array(floats.buffer) }));
    expect([pcm[0], pcm[1]]).toEqual([-1, 1]);
    expect(warnings).toEqual(['over_full_scale']);
  });

  it.each([
    ['silence', 0],
    ['a constant offset', 0x11],
  ])('decodes %s with the warning silent', async (_, byte) => {
    const { warnings } = await decode(wavBytes({ data: Buffer.alloc(20_000, byte) }), { targetRateHz: 16_000 });
    expect(warnings).toEqual(['silent']);
  });

  it('leaves ADPCM to ffmpeg', async () => {
    const { 'a.wav': adpcm } = encodeAll(source, { 'a.wav': ['-c:a', 'adpcm_ms'] });
    const { facts, pcm } = await decode(adpcm);
    expect(facts).toMatchObject({ format: 'wav', codec: 'adpcm_ms', channels: 2 });
    expect(signalToNoiseDb(mixDown(samples, 2), pcm)).toBeGreaterThan(25);
  });
});
