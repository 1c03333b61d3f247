import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

describe('backoff', () => {
  it('doubles its upper bound from 1 s and stops at the cap of 60 s', () => {
    const upper = (attempt: number) => backoffMs(attempt, { baseMs: 1000, capMs: 60_000, random: () => 1 });
    expect([1, 2, 3, 6, 7, 100].map(upper)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
  });

  it('may wait 0 ms: the jitter is full', () => {
    expect(backoffMs(5, { baseMs: 1000, capMs: 60_000, random: () => 0 })).toBe(0);
  });
});
