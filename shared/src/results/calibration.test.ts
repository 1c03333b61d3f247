import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationOf } from './calibration.js';

const guesses = (confidence: number, right: number, wrong: number) => [
  ...Array.from({ length: right }, () => ({ confidence, right: true })),
  ...Array.from({ length: wrong }, () => ({ confidence, right: false })),
];

describe('calibrationOf', () => {
  // By hand: 0.9 on 10 clips with 8 right is a gap of 0.1; 0.5 on 5 clips with 1 right is 0.3; (10×0.1 + 5×0.3) / 15.
  it('is 0.1667 for 8 of 10 right at 0.9 and 1 of 5 right at 0.5', () => {
    const { expectedCalibrationError, bins, clips } = calibrationOf([...guesses(0.9, 8, 2), ...guesses(0.5, 1, 4)]);
    expect(expectedCalibrationError).toBeCloseTo(0.1667, 4);
    expect(clips).toBe(15);
    expect(bins).toHaveLength(15);
    expect(bins[13]).toMatchObject({ clips: 10, accuracy: 0.8, meanConfidence: expect.closeTo(0.9, 12) });
    expect(bins[7]).toMatchObject({ clips: 5, accuracy: 0.2, meanConfidence: 0.5 });
  });

  it('is 0 for 3 of 4 right at 0.75, and 1 for none right at 1', () => {
    expect(calibrationOf(guesses(0.75, 3, 1)).expectedCalibrationError).toBeCloseTo(0, 12);
    expect(calibrationOf(guesses(1, 0, 3)).expectedCalibrationError).toBe(1);
  });

  it('puts 1 into the last of 15 bins and 0 into the first', () => {
    const { bins } = calibrationOf([...guesses(1, 1, 0), ...guesses(0, 0, 1)]);
    expect([bins[14]?.clips, bins[0]?.clips]).toEqual([1, 1]);
  });

  it('is open for no clips', () => {
    expect(calibrationOf([]).expectedCalibrationError).toBeNull();
  });

  it('loses no clip and stays within 0..1', () => {
    const guess = fc.record({ confidence: fc.double({ min: 0, max: 1, noNaN: true }), right: fc.boolean() });
    fc.assert(
      fc.property(fc.array(guess, { minLength: 1 }), fc.integer({ min: 1, max: 30 }), (all, count) => {
        const { bins, expectedCalibrationError } = calibrationOf(all, count);
        expect(bins.reduce((sum, { clips }) => sum + clips, 0)).toBe(all.length);
        expect(expectedCalibrationError).toBeGreaterThanOrEqual(0);
        expect(expectedCalibrationError).toBeLessThanOrEqual(1);
      }),
    );
  });
});
