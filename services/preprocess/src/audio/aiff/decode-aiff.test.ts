import { describe, expect, it } from 'vitest';
import { codeOf, decode, RATE_HZ } from '../testing/expectations.js';
import { decodeByFfmpeg, encodeAll } from '../testing/reference-ffmpeg.js';
import { chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';

const encodings = {
  pcm_s8: 'pcm_s8',
  pcm_s16be: 'pcm_s16be',
  pcm_s24be: 'pcm_s24be',
  pcm_s32be: 'pcm_s32be',
  pcm_f32be: 'pcm_f32be',
  pcm_f64be: 'pcm_f64be',
  pcm_alaw: 'pcm_alaw',
  pcm_mulaw: 'pcm_mulaw',
  pcm_s16le: 'pcm_s16le',
};
const source = wav16(chord({ seconds: 0.4 }));
const files = encodeAll(
  source,
  Object.fromEntries([...Object.keys(encodings), 'adpcm_ima_qt'].map((codec) => [`${codec}.aiff`, ['-c:a', codec]])),
);

/** Overwrites the field at `offset` behind the id of the first `chunk`. */
function patched(chunk: string, offset: number, bytes: number[]): Buffer {
  const copy = Buffer.from(files['pcm_s16be.aiff']!);
  copy.set(bytes, copy.indexOf(chunk, 0, 'latin1') + 8 + offset);
  return copy;
}

describe('decodeAiff', () => {
  it.each(Object.entries(encodings))('decodes %s as ffmpeg does', async (name, codec) => {
    const bytes = files[`${name}.aiff`]!;
    const { pcm, facts, warnings } = await decode(bytes);
    expect(facts).toMatchObject({ format: 'aiff', codec, sampleRateHz: RATE_HZ, channels: 2, durationSeconds: 0.4 });
    expect(signalToNoiseDb(mixDown(decodeByFfmpeg(bytes, 'clip.aiff'), 2), pcm)).toBeGreaterThan(140);
    expect(warnings).toEqual([]);
  });

  it('leaves IMA ADPCM to ffmpeg', async () => {
    const { facts } = await decode(files['adpcm_ima_qt.aiff']!);
    expect(facts).toMatchObject({ format: 'aiff', codec: 'adpcm_ima_qt', channels: 2 });
    expect(facts.decoder).toMatch(/^ffmpeg \d/);
  });

  it('refuses a file cut to half', async () => {
    expect(await codeOf(files['pcm_s16be.aiff']!.subarray(0, 35_000))).toBe('audio_truncated');
    expect(await codeOf(files['pcm_s16be.aiff']!.subarray(0, 30))).toBe('audio_truncated');
  });

  it.each([
    ['no channels', patched('COMM', 0, [0, 0]), 'audio_channels_out_of_range'],
    ['65,535 channels', patched('COMM', 0, [255, 255]), 'audio_channels_out_of_range'],
    ['0 Hz', patched('COMM', 8, [0, 0, 0, 0, 0, 0]), 'audio_rate_out_of_range'],
    ['an infinite rate', patched('COMM', 8, [0x7f, 0xff]), 'audio_rate_out_of_range'],
    ['a negative rate', patched('COMM', 8, [0xc0, 0x0e]), 'audio_rate_out_of_range'],
    ['0 bits', patched('COMM', 6, [0, 0]), 'audio_corrupt'],
    ['13 declared hours', patched('COMM', 2, [0x7f, 0xff, 0xff, 0xff]), 'audio_too_long'],
    ['no samples', patched('COMM', 2, [0, 0, 0, 0]), 'audio_empty'],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });
});
