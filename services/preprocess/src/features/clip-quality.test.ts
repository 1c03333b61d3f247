import { clipQualitySchema } from '@timbre/shared/contracts/clip';
import fc from 'fast-check';
import meydaModule from 'meyda';
import { describe, expect, it } from 'vitest';
import { measureQuality } from './clip-quality.js';
import { amplitudeToDbfs, meanSquare } from './loudness.js';

const meyda = meydaModule as unknown as typeof meydaModule.default;

const RATE_HZ = 44100;
const sine = (hz: number, amplitude: number, samples: number) =>
  Float32Array.from({ length: samples }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / RATE_HZ));

describe('clip quality', () => {
  it('gives a full-scale sine 0 dBFS peak and -3.01 dBFS rms', () => {
    const quality = measureQuality(sine(1000, 1, RATE_HZ), RATE_HZ);
    expect(quality.peakDbfs).toBeCloseTo(0, 2);
    expect(quality.rmsDbfs).toBeCloseTo(-3.01, 2);
    expect(quality.silentRatio).toBe(0);
  });

  it('counts a quarter of the samples as clipped when a quarter is at full scale', () => {
    const clip = Float32Array.from({ length: 4000 }, (_, i) => (i % 4 === 0 ? -1 : 0.5));
    expect(measureQuality(clip, RATE_HZ).clippedRatio).toBe(0.25);
  });

  it('finds half a clip silent, and its noise floor in that half', () => {
    const clip = new Float32Array(RATE_HZ);
    clip.set(sine(440, 0.5, RATE_HZ / 2));
    for (let i = RATE_HZ / 2; i < RATE_HZ; i++) clip[i] = i % 2 ? 1e-4 : -1e-4;
    const quality = measureQuality(clip, RATE_HZ);
    expect(quality.silentRatio).toBe(0.5);
    expect(quality.noiseFloorDbfs).toBeCloseTo(-80, 3);
  });

  it('puts the centroid of a sine of 5 kHz at 5 kHz, its flatness near 0 and its crossing rate at 2·5000/44100', () => {
    const quality = measureQuality(sine(5000, 0.5, RATE_HZ), RATE_HZ);
    expect(quality.spectralCentroidHz).toBeGreaterThan(4900);
    expect(quality.spectralCentroidHz).toBeLessThan(5100);
    expect(quality.spectralFlatness).toBeLessThan(0.02);
    expect(quality.zeroCrossingRate).toBeCloseTo(10000 / RATE_HZ, 2);
  });

  it('calls silence -120 dBFS, all silent, without descriptors', () => {
    expect(measureQuality(new Float32Array(RATE_HZ), RATE_HZ)).toEqual({
      peakDbfs: -120,
      rmsDbfs: -120,
      clippedRatio: 0,
      silentRatio: 1,
      noiseFloorDbfs: -120,
    });
  });

  it('stays within its contract for any clip and rate', () => {
    const anyClip = fc.tuple(fc.integer({ min: 0, max: 6000 }), fc.constantFrom(0, 1e-6, 0.01, 1, 1e6));
    fc.assert(
      fc.property(anyClip, fc.constantFrom(4000, 8000, 44100, 192000), ([length, amplitude], rateHz) => {
        const clip = Float32Array.from({ length }, (_, i) => amplitude * Math.sin(i * i));
        expect(clipQualitySchema.safeParse(measureQuality(clip, rateHz)).error).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

describe('levels', () => {
  it('agree with meyda’s rms', () => {
    const clip = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * i) * 0.3);
    meyda.bufferSize = 512;
    meyda.windowingFunction = 'rect';
    const theirs = meyda.extract('rms', clip) as unknown as number;
    meyda.windowingFunction = 'hanning';
    expect(Math.sqrt(meanSquare(clip, 0, 512))).toBeCloseTo(theirs, 9);
  });

  it('count only the samples asked for, also when those are no multiple of 4', () => {
    const clip = Float32Array.of(9, 1, 2, 3, 4, 5, 6, 9);
    expect(meanSquare(clip, 1, 7)).toBeCloseTo((1 + 4 + 9 + 16 + 25 + 36) / 6, 12);
    expect(meanSquare(clip, 3, 3)).toBe(0);
  });

  it('are clamped to ±120 dBFS', () => {
    expect([0, 1e-9, 0.1, 1, 1e9, NaN].map(amplitudeToDbfs)).toEqual([-120, -120, -20, 0, 120, -120]);
  });
});
