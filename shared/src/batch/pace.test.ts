import { describe, expect, it } from 'vitest';
import { paceIntervalMs, paceOf, type Pace } from './pace.js';

const startedAtMs = 1_700_000_000_000;
const batch = { total: 100, succeeded: 40, failed: 10, msTotal: 200_000, msDone: 100_000, startedAtMs };
/** Milliseconds of audio in each interval from the start on. */
const paceFrom = (amounts: readonly number[]): Pace =>
  Object.fromEntries(amounts.map((ms, at) => [String(startedAtMs / paceIntervalMs + at), String(ms)]));

describe('paceOf', () => {
  it('says nothing before anything is done', () => {
    expect(paceOf({}, { ...batch, msDone: 0 }, startedAtMs + 1000)).toEqual({});
    expect(paceOf({}, { ...batch, startedAtMs: undefined }, startedAtMs)).toEqual({});
  });

  it('takes 100 s left at 5 s of audio a second for 20 s, with a range around it', () => {
    const { rate, eta } = paceOf(paceFrom([25_000, 25_000, 25_000, 25_000]), batch, startedAtMs + 20_000);
    expect(rate).toEqual({ audioSecondsPerSecond: 5, clipsPerSecond: 2.5 });
    expect(eta?.seconds).toBeCloseTo(20);
    expect(eta?.lowSeconds).toBeLessThanOrEqual(20);
    expect(eta?.highSeconds).toBeGreaterThanOrEqual(20);
  });

  it('widens the range with an uneven pace, to four times the time at most', () => {
    const even = paceOf(paceFrom([25_000, 25_000, 25_000, 25_000, 25_000]), batch, startedAtMs + 25_000).eta;
    const uneven = paceOf(paceFrom([25_000, 75_000, 0, 0, 25_000]), batch, startedAtMs + 25_000).eta;
    expect(uneven?.highSeconds).toBeGreaterThan(even?.highSeconds ?? Infinity);
    expect(uneven?.highSeconds).toBeLessThanOrEqual(4 * (uneven?.seconds ?? 0));
  });

  it('promises no end where the last minute saw nothing', () => {
    expect(paceOf(paceFrom([25_000]), batch, startedAtMs + 600_000)).toMatchObject({ rate: { clipsPerSecond: 0 } });
    expect(paceOf(paceFrom([25_000]), batch, startedAtMs + 600_000).eta).toBeUndefined();
  });
});
