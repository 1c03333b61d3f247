import { featureSpecSchema, windowShape, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { isAppError } from '@timbre/shared/errors';
import { describe, expect, it } from 'vitest';
import { planResizeAxis, resizeImage } from './bilinear-resize.js';
import { createFeatureExtractor } from './extract-features.js';

const waveform = { kind: 'waveform' } as const;
const logMel = {
  kind: 'logMel',
  nFft: 256,
  hopLength: 100,
  winLength: 256,
  nMels: 20,
  fMinHz: 0,
  fMaxHz: null,
  melScale: 'htk',
  melNorm: 'none',
  power: 2,
  center: true,
  log: { kind: 'ln', offset: 1e-6 },
} as const;

function specOf(changes: Partial<Omit<FeatureSpec, 'version'>>): FeatureSpec {
  return featureSpecSchema.parse({
    version: 1,
    sampleRateHz: 8000,
    crop: { kind: 'head', seconds: 1 },
    transform: waveform,
    ...changes,
  });
}

function noise(samples: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: samples }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
}

describe('crops', () => {
  it('head takes the first second, padded with zeros when the clip holds half of it', () => {
    const extract = createFeatureExtractor(specOf({}));
    const clip = noise(12000);
    expect(extract(clip).data).toEqual(clip.slice(0, 8000));

    const short = extract(clip.subarray(0, 4000));
    expect(short.data.subarray(0, 4000)).toEqual(clip.slice(0, 4000));
    expect(short.data.subarray(4000).every((sample) => sample === 0)).toBe(true);
    expect([...short.offsets]).toEqual([0, 0.5]);
  });

  it.each([
    ['in the middle', 10000, 8000],
    ['near the start, where the window moves right', 100, 0],
    ['near the end, where the window moves left', 19900, 16000],
  ])('peak finds the loudest sample %s', (_, peak, start) => {
    const clip = noise(20000);
    clip[peak] = -0.9;
    const extract = createFeatureExtractor(specOf({ crop: { kind: 'peak', beforeSeconds: 0.25, afterSeconds: 0.25 } }));
    const { data, offsets } = extract(clip);
    expect(data).toEqual(clip.slice(start, start + 4000));
    expect([...offsets]).toEqual([start / 8000, start / 8000 + 0.5]);
  });

  it('sliding gives 4 windows of 1 s every 0.5 s over 2.2 s and ends the last one with the clip', () => {
    const clip = noise(17600);
    const extract = createFeatureExtractor(specOf({ crop: { kind: 'sliding', windowSeconds: 1, hopSeconds: 0.5 } }));
    const { data, shape, offsets } = extract(clip);
    expect(shape).toEqual([4, 8000]);
    expect([...offsets]).toEqual([0, 1, 0.5, 1.5, 1, 2, 1.5, 2.2]);
    expect(data.subarray(3 * 8000, 3 * 8000 + 5600)).toEqual(clip.slice(12000));
  });

  it('sliding over exactly 2 s ends with the window that ends there', () => {
    const extract = createFeatureExtractor(specOf({ crop: { kind: 'sliding', windowSeconds: 1, hopSeconds: 0.5 } }));
    expect(extract(noise(16000)).shape).toEqual([3, 8000]);
  });

  it('sliding over a clip shorter than a window gives one padded window', () => {
    const extract = createFeatureExtractor(specOf({ crop: { kind: 'sliding', windowSeconds: 1, hopSeconds: 0.5 } }));
    const { shape, offsets } = extract(noise(10));
    expect(shape).toEqual([1, 8000]);
    expect([...offsets]).toEqual([0, 10 / 8000]);
  });

  it('measures the loudness of the unpadded part: a square wave of 0.1 is -20 dBFS however short', () => {
    const square = Float32Array.from({ length: 500 }, (_, i) => (i % 2 ? 0.1 : -0.1));
    const { rmsDbfs } = createFeatureExtractor(specOf({}))(square);
    expect(rmsDbfs[0]).toBeCloseTo(-20, 5);
  });

  it('gives digital silence -120 dBFS', () => {
    expect(createFeatureExtractor(specOf({}))(new Float32Array(100)).rmsDbfs[0]).toBe(-120);
  });
});

describe('resize of a whole clip', () => {
  const resize = { rows: 12, frames: 30 };
  const clip = noise(80000);

  it.each([
    ['natural logarithm', logMel],
    ['decibels clamped to 20 below the loudest frame', { ...logMel, log: { kind: 'db', topDb: 20 } as const }],
  ])('equals the resize of all 801 frames (%s), though it keeps 60', (_, transform) => {
    const whole = createFeatureExtractor(specOf({ crop: { kind: 'head', seconds: 10 }, transform }))(clip);
    expect(whole.shape).toEqual([1, 1, 20, 801]);
    const wanted = new Float32Array(12 * 30);
    const axes = { rows: planResizeAxis(20, 12), columns: planResizeAxis(801, 30) };
    resizeImage({ values: whole.data, offset: 0, rowStride: 801 }, axes, -Infinity, wanted);
    const resized = createFeatureExtractor(specOf({ crop: { kind: 'full' }, transform, resize }))(clip);
    expect(resized.shape).toEqual([1, 1, 12, 30]);
    expect(resized.data).toEqual(wanted);
  });

  it('refuses a clip of 128 samples, too short to mirror half of a frame of 256', () => {
    const extract = createFeatureExtractor(specOf({ crop: { kind: 'full' }, transform: logMel, resize }));
    expect(codeOf(() => extract(noise(128)))).toBe('audio_too_short');
    expect(codeOf(() => extract(noise(129)))).toBeUndefined();
  });

  it('refuses a clip of 255 samples when frames of 256 are not centred', () => {
    const spec = specOf({ crop: { kind: 'full' }, transform: { ...logMel, center: false }, resize });
    const extract = createFeatureExtractor(spec);
    expect(codeOf(() => extract(noise(255)))).toBe('audio_too_short');
    expect(extract(noise(256)).shape).toEqual([1, ...windowShape(spec)]);
  });
});

describe('limits', () => {
  const sliding = specOf({ crop: { kind: 'sliding', windowSeconds: 1, hopSeconds: 1 } });

  it('answers audio_empty for zero samples', () => {
    expect(codeOf(() => createFeatureExtractor(sliding)(new Float32Array(0)))).toBe('audio_empty');
  });

  it.each([NaN, Infinity, -Infinity])('answers audio_nonfinite for a window with %f in it', (sample) => {
    const clip = noise(9000);
    clip[8500] = sample;
    const spec = specOf({ crop: { kind: 'sliding', windowSeconds: 1, hopSeconds: 1 }, transform: logMel });
    expect(codeOf(() => createFeatureExtractor(spec)(clip))).toBe('audio_nonfinite');
  });

  it('answers tensor_too_large for 3 windows of 32 kB where 2 are allowed', () => {
    const extract = createFeatureExtractor(sliding, 64000);
    expect(codeOf(() => extract(noise(16000)))).toBeUndefined();
    expect(codeOf(() => extract(noise(16001)))).toBe('tensor_too_large');
  });

  it('answers tensor_too_large for a window of 2.7 GB without making it', () => {
    const spec = specOf({ sampleRateHz: 192000, crop: { kind: 'head', seconds: 3600 } });
    const extract = createFeatureExtractor(spec);
    expect(codeOf(() => extract(noise(10)))).toBe('tensor_too_large');
  });

  it('answers tensor_too_large at 64 MiB unless told otherwise', () => {
    const spec = specOf({ crop: { kind: 'sliding', windowSeconds: 1, hopSeconds: 1 / 8000 } });
    const extract = createFeatureExtractor(spec);
    expect(codeOf(() => extract(noise(8000 + 2096)))).toBeUndefined();
    expect(codeOf(() => extract(noise(8000 + 2097)))).toBe('tensor_too_large');
  });

  it('refuses a spec whose windows of 100 samples are shorter than a frame', () => {
    const spec = specOf({ crop: { kind: 'head', seconds: 100 / 8000 }, transform: logMel });
    expect(codeOf(() => createFeatureExtractor(spec))).toBe('model_invalid');
  });
});

it('gives the same numbers for a clip whatever it extracted before', () => {
  const spec = specOf({ crop: { kind: 'sliding', windowSeconds: 0.5, hopSeconds: 0.25 }, transform: logMel });
  const extract = createFeatureExtractor(spec);
  const clip = noise(9000);
  const first = extract(clip);
  extract(noise(30000).map((sample) => sample * 2));
  expect(extract(clip)).toEqual(first);
});
