/** 300 damaged files, the same on every run: whatever a clip is, the outcome is PCM or a documented error, and soon. */
import { describe, expect, it } from 'vitest';
import { isAppError } from '@timbre/shared/errors';
import { decode } from './testing/expectations.js';
import { mutate } from './testing/mutate.js';
import { encodeAll } from './testing/reference-ffmpeg.js';
import { chord, seededRandom } from './testing/signals.js';
import { wav16 } from './testing/wav-bytes.js';

const SEED = 20_240_611;
const source = wav16(chord({ seconds: 0.4 }));
const inProcess = encodeAll(source, {
  'float.wav': ['-c:a', 'pcm_f32le'],
  'int24.wav': ['-c:a', 'pcm_s24le'],
  'clip.aiff': [],
  'cbr.mp3': [],
  'vbr.mp3': ['-q:a', '5'],
  'clip.flac': [],
  'vorbis.ogg': ['-c:a', 'libvorbis'],
  'clip.opus': ['-c:a', 'libopus'],
  'flac.oga': ['-c:a', 'flac'],
});
const byChild = encodeAll(source, {
  'clip.m4a': [],
  'clip.webm': ['-c:a', 'libopus'],
  'clip.aac': [],
});

async function outcomeOf(bytes: Uint8Array): Promise<string> {
  try {
    const { pcm } = await decode(bytes, { targetRateHz: 16_000 });
    return pcm.every((sample) => sample >= -1 && sample <= 1) ? 'pcm' : 'pcm out of range';
  } catch (error) {
    return isAppError(error) ? error.code : `not typed: ${String(error)}`;
  }
}

async function fuzz(files: Record<string, Buffer>, mutants: number): Promise<Map<string, number>> {
  const random = seededRandom(SEED);
  const outcomes = new Map<string, number>();
  for (const [name, bytes] of Object.entries(files))
    for (let i = 0; i < mutants; i++) {
      const mutant = mutate(bytes, random);
      const started = performance.now();
      const outcome = await outcomeOf(mutant);
      const seconds = (performance.now() - started) / 1000;
      expect(outcome, `mutant ${i} of ${name}, seed ${SEED}`).toMatch(/^(pcm|audio_\w+|decoder_\w+)$/);
      expect(seconds, `mutant ${i} of ${name}, seed ${SEED}`).toBeLessThan(5);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  return outcomes;
}

describe('decodeClip on damaged files', () => {
  it('answers 270 mutants of 9 kinds decoded in process with PCM or a typed error', { timeout: 60_000 }, async () => {
    const outcomes = await fuzz(inProcess, 30);
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(270);
    // Both ends are reached: mutation is neither harmless nor always fatal.
    expect(outcomes.get('pcm')).toBeGreaterThan(20);
    expect(outcomes.size).toBeGreaterThan(4);
    expect(outcomes.get('decoder_crashed') ?? 0).toBeLessThan(5);
  });

  it('answers 30 mutants of 3 kinds decoded by ffmpeg with PCM or a typed error', { timeout: 60_000 }, async () => {
    const outcomes = await fuzz(byChild, 10);
    expect(outcomes.get('decoder_crashed') ?? 0).toBe(0);
  });
});
