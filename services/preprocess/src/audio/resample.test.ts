import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResampler, loadResampler } from './resample.js';
import { signalToNoiseDb, sine } from './testing/signals.js';

const module = await loadResampler();

/** Resamples in pieces of the given sizes, repeated. */
function resample(input: Float32Array, rates: [number, number], pieces = [input.length || 1]): Float32Array {
  const resampler = createResampler(module, { inRateHz: rates[0], outRateHz: rates[1] });
  const output: number[] = [];
  for (let at = 0, i = 0; at < input.length; i++) {
    const size = pieces[i % pieces.length]!;
    resampler.push(input.subarray(at, at + size), (samples) => output.push(...samples));
    at += size;
  }
  resampler.finish((samples) => output.push(...samples));
  resampler.free();
  return Float32Array.from(output);
}

describe('createResampler', () => {
  it('gives round(n·out/in) samples for every length and pair of rates', () => {
    const rates = fc.constantFrom(4000, 8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000, 383_999);
    fc.assert(
      fc.property(rates, rates, fc.integer({ min: 0, max: 3000 }), (inRate, outRate, length) => {
        const output = resample(new Float32Array(length), [inRate, outRate]);
        expect(output).toHaveLength(Math.round((length * outRate) / inRate));
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('gives the same samples whatever the pieces', () => {
    const input = sine(1000, { seconds: 0.2 });
    const whole = resample(input, [44_100, 16_000]);
    expect(resample(input, [44_100, 16_000], [1, 4096, 17, 5000])).toEqual(whole);
  });

  it.each([
    [44_100, 16_000],
    [16_000, 44_100],
    [48_000, 44_100],
    [96_000, 16_000],
  ])('keeps an impulse at its time from %i to %i Hz', (inRate, outRate) => {
    const at = inRate / 10;
    const input = new Float32Array(inRate / 5);
    input[at] = 1;
    const output = resample(input, [inRate, outRate]);
    const peak = output.reduce((best, sample, i) => (sample > output[best]! ? i : best), 0);
    expect(peak).toBe(outRate / 10);
  });

  it.each([
    [44_100, 16_000, 1000],
    [44_100, 16_000, 6000],
    [48_000, 44_100, 15_000],
    [16_000, 44_100, 5000],
    [8000, 44_100, 3000],
  ])('carries a sine from %i to %i Hz at %i Hz with over 60 dB of purity', (inRate, outRate, hz) => {
    const output = resample(sine(hz, { rateHz: inRate }), [inRate, outRate]);
    expect(signalToNoiseDb(sine(hz, { rateHz: outRate }), output, { margin: 500 })).toBeGreaterThan(60);
  });

  it.each([
    [44_100, 16_000, 12_000],
    [96_000, 44_100, 30_000],
    [48_000, 16_000, 9500],
  ])('from %i to %i Hz leaves nothing of a tone at %i Hz, over 90 dB down', (inRate, outRate, hz) => {
    const output = resample(sine(hz, { rateHz: inRate, amplitude: 1 }), [inRate, outRate]).subarray(500, -500);
    const rms = Math.sqrt(output.reduce((sum, sample) => sum + sample ** 2, 0) / output.length);
    expect(20 * Math.log10(rms / Math.SQRT1_2)).toBeLessThan(-90);
  });

  it('hands samples through untouched when the rates are equal', () => {
    const input = sine(440, { seconds: 0.1 });
    expect(resample(input, [44_100, 44_100])).toEqual(input);
  });
});
