import { describe, expect, it } from 'vitest';
import { logMelPicture, type MelOptions } from './log-mel.js';

const options: MelOptions = { sampleRateHz: 16_000, nFft: 1024, nMels: 64, fMinHz: 0, fMaxHz: 8000, maxFrames: 100 };
const tone = (hz: number, seconds: number) =>
  Float32Array.from(
    { length: seconds * options.sampleRateHz },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / options.sampleRateHz),
  );

/** The band whose centre is nearest, on the HTK scale. */
function bandOf(hz: number): number {
  const mel = (f: number) => 2595 * Math.log10(1 + f / 700);
  return Math.round((mel(hz) / mel(8000)) * 65) - 1;
}

describe('logMelPicture', () => {
  it.each([440, 1000, 3000])('is brightest in the band of a tone of %d Hz', (hz) => {
    const { levels, frames } = logMelPicture(tone(hz, 1), options);
    const middle = Math.floor(frames / 2);
    const column = Array.from({ length: options.nMels }, (_, mel) => levels[mel * frames + middle] ?? 0);
    expect(Math.abs(column.indexOf(Math.max(...column)) - bandOf(hz))).toBeLessThanOrEqual(1);
    expect(Math.max(...column)).toBe(255);
  });

  it('has no more frames than asked for, however long the clip', () => {
    expect(logMelPicture(tone(440, 20), options).frames).toBeLessThanOrEqual(100);
    expect(logMelPicture(new Float32Array(10), options).frames).toBe(1);
  });

  it('leaves no band empty where they are narrower than the bins', () => {
    const noise = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin(i * i * 0.37));
    const { levels, frames } = logMelPicture(noise, { ...options, nFft: 512, nMels: 128 });
    for (let mel = 0; mel < 128; mel += 1) expect(levels[mel * frames + 5]).toBeGreaterThan(0);
  });
});
