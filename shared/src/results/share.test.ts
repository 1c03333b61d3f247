import { describe, expect, it } from 'vitest';
import { shareOf, shareWhere, wilsonInterval } from './share.js';

describe('wilsonInterval', () => {
  // By hand for 8 of 10: centre (0.8 + 3.84146 / 20) / 1.384146 = 0.71674, spread 0.22657.
  it('gives 0.4902..0.9433 for 8 of 10', () => {
    const [low, high] = wilsonInterval(8, 10);
    expect(low).toBeCloseTo(0.4902, 4);
    expect(high).toBeCloseTo(0.9433, 4);
  });

  it('gives 0..0.2775 for 0 of 10 and 0.7225..1 for 10 of 10', () => {
    expect(wilsonInterval(0, 10)[0]).toBeCloseTo(0, 12);
    expect(wilsonInterval(0, 10)[1]).toBeCloseTo(0.2775, 4);
    expect(wilsonInterval(10, 10)[0]).toBeCloseTo(0.7225, 4);
    expect(wilsonInterval(10, 10)[1]).toBeCloseTo(1, 12);
  });
});

describe('shareOf', () => {
  it('is null, with no interval, of nothing', () => {
    expect(shareOf(0, 0)).toEqual({ count: 0, of: 0, share: null, interval: null });
  });

  it('counts 2 even numbers of 4 as 0.5', () => {
    expect(shareWhere([1, 2, 3, 4], (n) => n % 2 === 0)).toMatchObject({ count: 2, of: 4, share: 0.5 });
  });
});
