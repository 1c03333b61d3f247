import { describe, expect, it } from 'vitest';
import { measurePeaks } from './clip-peaks.js';

const values = (base64: string) => [...new Int8Array(Buffer.from(base64, 'base64'))];

describe('measurePeaks', () => {
  it('keeps the lowest and highest sample of each of 2 stretches, 127 at full scale', () => {
    const { min, max, durationSeconds } = measurePeaks(Float32Array.of(0.5, -1, 0, 0, 0.25, 1), 3, 2);
    expect([values(min), values(max), durationSeconds]).toEqual([[-127, 0], [64, 127], 3]);
  });

  it('gives a clip of 3 samples 3 points, and an empty one none', () => {
    expect(values(measurePeaks(Float32Array.of(0, 0.5, -0.5), 1).max)).toEqual([0, 64, -63]);
    expect(values(measurePeaks(new Float32Array(), 0).max)).toEqual([]);
  });

  it('clips what is over full scale', () => {
    const { min, max } = measurePeaks(Float32Array.of(3, -3), 1, 1);
    expect([values(min), values(max)]).toEqual([[-127], [127]]);
  });

  it('covers every sample: a single click among 1,000,003 shows in one of 4,000 points', () => {
    const pcm = new Float32Array(1_000_003);
    pcm[777_777] = 1;
    expect(values(measurePeaks(pcm, 1).max).filter((value) => value === 127)).toHaveLength(1);
  });
});
