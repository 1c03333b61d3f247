import { describe, expect, it } from 'vitest';
import { createFft } from './fft.js';

describe('createFft', () => {
  it('agrees with the sum that defines it, to 1e-4, for 16 samples', () => {
    const size = 16;
    const samples = Array.from({ length: size }, (_, i) => Math.sin(i * 1.3) + 0.3 * Math.cos(i * i));
    const [real, imaginary] = [Float32Array.from(samples), new Float32Array(size)];
    createFft(size).transform(real, imaginary);
    for (let k = 0; k < size; k += 1) {
      let [re, im] = [0, 0];
      for (const [n, sample] of samples.entries()) {
        re += sample * Math.cos((2 * Math.PI * k * n) / size);
        im -= sample * Math.sin((2 * Math.PI * k * n) / size);
      }
      expect(real[k]).toBeCloseTo(re, 4);
      expect(imaginary[k]).toBeCloseTo(im, 4);
    }
  });

  it('takes powers of two only', () => {
    for (const size of [0, 1, 12, 1000]) expect(() => createFft(size)).toThrow(RangeError);
  });
});
