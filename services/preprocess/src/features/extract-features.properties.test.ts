import {
  frameCount,
  windowSamples,
  windowShape,
  type FeatureSpec,
  type StftTransform,
} from '@timbre/shared/contracts/feature-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFeatureExtractor } from './extract-features.js';
import { sharedFrames } from './mel-image.js';

const RATE_HZ = 8000;

const stft = fc
  .record({
    nFft: fc.integer({ min: 64, max: 700 }),
    hopLength: fc.integer({ min: 20, max: 300 }),
    shorter: fc.integer({ min: 0, max: 40 }),
    nMels: fc.integer({ min: 1, max: 40 }),
    melScale: fc.constantFrom('htk' as const, 'slaney' as const),
    melNorm: fc.constantFrom('none' as const, 'slaney' as const),
    center: fc.boolean(),
  })
  .map(({ shorter, ...rest }) => ({
    ...rest,
    winLength: rest.nFft - shorter,
    fMinHz: 0,
    fMaxHz: null,
    power: 2 as const,
  }));

const log = fc.oneof(
  fc.record({ kind: fc.constant('db' as const), topDb: fc.constantFrom(null, 10, 80) }),
  fc.record({ kind: fc.constant('ln' as const), offset: fc.constant(1e-6) }),
);
const transform: fc.Arbitrary<StftTransform> = fc.oneof(
  stft.map((fields) => ({ kind: 'mel' as const, ...fields })),
  fc.tuple(stft, log).map(([fields, settings]) => ({ kind: 'logMel' as const, ...fields, log: settings })),
  fc
    .tuple(stft, log)
    .map(([fields, settings]) => ({ kind: 'mfcc' as const, ...fields, log: settings, coefficients: fields.nMels })),
);
const crop = fc.oneof(
  fc.constant({ kind: 'head' as const, seconds: 0.3 }),
  fc.constant({ kind: 'peak' as const, beforeSeconds: 0.1, afterSeconds: 0.2 }),
  fc
    .integer({ min: 300, max: 2400 })
    .map((hop) => ({ kind: 'sliding' as const, windowSeconds: 0.3, hopSeconds: hop / RATE_HZ })),
);
const resize = fc.option(
  fc.record({ rows: fc.integer({ min: 1, max: 50 }), frames: fc.integer({ min: 1, max: 50 }) }),
  {
    nil: undefined,
  },
);
const spec: fc.Arbitrary<FeatureSpec> = fc
  .record({ crop, transform: fc.oneof(transform, fc.constant({ kind: 'waveform' as const })), resize })
  .map(({ resize: size, ...rest }) => ({
    version: 1,
    sampleRateHz: RATE_HZ,
    ...rest,
    ...(size && rest.transform.kind !== 'waveform' ? { resize: size } : {}),
  }));
const pcm = fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.integer()).map(([length, seed]) => noise(length, seed));

/** Comparing bytes takes a hundredth of the time of comparing typed arrays value by value. */
function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

describe('for any spec and clip', () => {
  it('the shape is that of the spec, the values are finite, and offsets cover the clip without gaps', () => {
    fc.assert(
      fc.property(spec, pcm, (made, clip) => {
        const { data, shape, offsets, rmsDbfs } = createFeatureExtractor(made)(clip);
        const count = shape[0]!;
        expect(shape).toEqual([count, ...windowShape(made)]);
        expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
        expect(data.every(Number.isFinite)).toBe(true);
        expect([offsets.length, rmsDbfs.length]).toEqual([2 * count, count]);
        if (made.crop.kind !== 'sliding') return;
        expect(offsets[0]).toBe(0);
        expect(offsets.at(-1)).toBe(clip.length / RATE_HZ);
        for (let n = 1; n < count; n++) {
          expect(offsets[2 * n]! - offsets[2 * n - 2]!).toBeCloseTo(made.crop.hopSeconds, 9);
          expect(offsets[2 * n]).toBeLessThanOrEqual(offsets[2 * n - 1]!);
          expect(offsets[2 * n - 1]).toBeLessThan(clip.length / RATE_HZ);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('a window is the same bits as the head of the clip from its start on', () => {
    const onGrid = fc.tuple(transform, fc.integer({ min: 1, max: 20 })).map(([made, hops]) => {
      const hop = Math.min(2400, hops * made.hopLength);
      return { made, hopSamples: hop - (hop % made.hopLength) };
    });
    let shared = 0;
    fc.assert(
      fc.property(onGrid, pcm, ({ made, hopSamples }, clip) => {
        if (sharedFrames(made, 2400, hopSamples)) shared++;
        const of = (cropped: FeatureSpec['crop']): FeatureSpec => ({
          version: 1,
          sampleRateHz: RATE_HZ,
          crop: cropped,
          transform: made,
        });
        const hopSeconds = hopSamples / RATE_HZ;
        const sliding = createFeatureExtractor(of({ kind: 'sliding', windowSeconds: 0.3, hopSeconds }))(clip);
        const head = createFeatureExtractor(of({ kind: 'head', seconds: 0.3 }));
        const size = sliding.data.length / sliding.shape[0]!;
        for (let n = 0; n < sliding.shape[0]!; n++) {
          const window = sliding.data.subarray(n * size, (n + 1) * size);
          expect(bytesOf(window).equals(bytesOf(head(clip.subarray(n * hopSamples)).data))).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
    // The windows that reuse the frames of the one before them are what this is about.
    expect(shared).toBeGreaterThan(20);
  });

  it('mel is linear in power: half the amplitude gives exactly a quarter', () => {
    fc.assert(
      fc.property(stft, pcm, (fields, clip) => {
        const made: FeatureSpec = {
          version: 1,
          sampleRateHz: RATE_HZ,
          crop: { kind: 'head', seconds: 0.3 },
          transform: { kind: 'mel', ...fields },
        };
        const extract = createFeatureExtractor(made);
        const half = extract(clip.map((sample) => sample / 2)).data;
        expect(half).toEqual(extract(clip).data.map((power) => power / 4));
      }),
      { numRuns: 50 },
    );
  });

  it('magnitudes are the square roots of powers, so a mel band of one bin is the root of its power', () => {
    const oneBin = { kind: 'mel', nFft: 64, winLength: 64, hopLength: 64, nMels: 1, center: false } as const;
    const rest = { fMinHz: 0, fMaxHz: 200, melScale: 'htk', melNorm: 'none' } as const;
    const of = (power: 1 | 2): FeatureSpec => ({
      version: 1,
      sampleRateHz: RATE_HZ,
      crop: { kind: 'head', seconds: 0.3 },
      transform: { ...oneBin, ...rest, power },
    });
    const clip = noise(2400, 5);
    const powers = createFeatureExtractor(of(2))(clip).data;
    const magnitudes = createFeatureExtractor(of(1))(clip).data;
    // Bin 1 (125 Hz) is the only one inside 0 to 200 Hz, and its weight w is below 1: w·|X|² against (w·|X|)².
    const weight = magnitudes[0]! ** 2 / powers[0]!;
    expect(weight).toBeGreaterThan(0.1);
    powers.forEach((power, i) => expect(magnitudes[i]! ** 2 / weight / power).toBeCloseTo(1, 5));
  });

  it('has as many frames as fit, also for odd lengths that are centred', () => {
    fc.assert(
      fc.property(transform, fc.integer({ min: 701, max: 5000 }), (made, samples) => {
        const padded = samples + (made.center ? 2 * Math.floor(made.nFft / 2) : 0);
        const frames = frameCount(made, samples);
        expect((frames - 1) * made.hopLength + made.nFft).toBeLessThanOrEqual(padded);
        expect(frames * made.hopLength + made.nFft).toBeGreaterThan(padded);
      }),
    );
  });
});

it('windowSamples of every crop used here is 2400', () => {
  fc.assert(fc.property(spec, (made) => windowSamples(made) === 2400));
});
