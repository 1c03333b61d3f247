import { describe, expect, it } from 'vitest';
import { peaksOf } from './peaks.js';

describe('peaksOf', () => {
  it('keeps the largest magnitude and the loudness of each slice', () => {
    const { peak, rms } = peaksOf(Float32Array.from([0, -0.5, 0.25, 0.25]), 2);
    expect([...peak]).toEqual([0.5, 0.25]);
    expect(rms[0]).toBeCloseTo(Math.sqrt(0.125), 6);
    expect(rms[1]).toBeCloseTo(0.25, 6);
  });

  it('has as many slices as samples where there are fewer, and one for none', () => {
    expect(peaksOf(new Float32Array(3), 100).peak).toHaveLength(3);
    expect([...peaksOf(new Float32Array(0), 100).peak]).toEqual([0]);
  });
});
