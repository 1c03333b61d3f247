import { describe, expect, it } from 'vitest';
import { GrowingPcm } from './growing-pcm.js';

describe('GrowingPcm', () => {
  it('gives back 300,000 samples appended in pieces of 7000', () => {
    const pcm = new GrowingPcm(null);
    const all = Float32Array.from({ length: 300_000 }, (_, i) => i);
    for (let at = 0; at < all.length; at += 7000) pcm.append(all.subarray(at, at + 7000));
    expect(Buffer.from(pcm.take().buffer).equals(Buffer.from(all.buffer))).toBe(true);
  });

  it('returns the very buffer when the hint was exact and a fitting one when it was not', () => {
    for (const hint of [10, 3, 1_000_000, 0]) {
      const pcm = new GrowingPcm(hint);
      pcm.append(new Float32Array(10).fill(2));
      expect(pcm.take().buffer.byteLength).toBe(40);
    }
  });

  it('does not take the word of a header for 16 GiB', () => {
    expect(() => new GrowingPcm(2 ** 32)).not.toThrow();
  });
});
