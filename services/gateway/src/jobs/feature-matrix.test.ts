import { describe, expect, it } from 'vitest';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import type { TensorPack } from '@timbre/shared/tensor-pack';
import { featureMatrix } from './feature-matrix.js';

const spec: FeatureSpec = {
  version: 1,
  sampleRateHz: 1000,
  crop: { kind: 'sliding', windowSeconds: 2, hopSeconds: 1 },
  transform: { kind: 'waveform' },
};

/** 3 windows of 1 × 2 × 2. */
const pack = {
  shape: [3, 1, 2, 2],
  windows: Float32Array.of(-10, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 10),
  offsets: Float64Array.of(0, 2, 1, 3, 2, 3.5),
  rmsDbfs: Float32Array.of(-20, -30, -40),
} as unknown as TensorPack;

const bytes = (data: string) => [...Buffer.from(data, 'base64')];

describe('featureMatrix', () => {
  it('gives windows 1 and 2 of 3 as bytes from the lowest value of all (0) to the highest (255)', () => {
    const page = featureMatrix(pack, spec, { from: 1, count: 30 });
    expect(page).toMatchObject({
      windows: { total: 3, from: 1, count: 2 },
      rows: 2,
      columns: 2,
      low: -10,
      high: 10,
      offsets: [
        { startSeconds: 1, endSeconds: 3 },
        { startSeconds: 2, endSeconds: 3.5 },
      ],
      rmsDbfs: [-30, -40],
    });
    expect(bytes(page.data)).toEqual([140, 140, 140, 140, 153, 153, 153, 255]);
  });

  it('has nothing behind the last window, and no scale for one value everywhere', () => {
    expect(featureMatrix(pack, spec, { from: 9, count: 1 })).toMatchObject({
      windows: { from: 3, count: 0 },
      data: '',
    });
    const flat = { ...pack, windows: new Float32Array(12).fill(5) };
    expect(bytes(featureMatrix(flat, spec, { from: 0, count: 1 }).data)).toEqual([0, 0, 0, 0]);
  });

  it('takes the hop of the transform for the time of a column, the length of the window where it is resized', () => {
    const mel = { kind: 'mel', hopLength: 50 } as FeatureSpec['transform'];
    const seconds = (given: FeatureSpec) => featureMatrix(pack, given, { from: 0, count: 1 }).secondsPerColumn;
    expect(seconds({ ...spec, transform: mel })).toBe(0.05);
    expect(seconds({ ...spec, transform: mel, resize: { rows: 2, frames: 2 } })).toBe(1);
  });
});
