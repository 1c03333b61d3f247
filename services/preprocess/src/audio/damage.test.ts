import { describe, expect, it } from 'vitest';
import { judgeCompleteness, judgeDamage, type DecodeWarning } from './damage.js';

const truncated = expect.objectContaining({ code: 'audio_truncated' }) as Error;
const corrupt = expect.objectContaining({ code: 'audio_corrupt' }) as Error;

describe('judgeCompleteness', () => {
  it.each([
    [{ declared: 1000, found: 1000 }, []],
    [{ declared: 1000, found: 2000 }, []],
    [{ declared: null, found: 0 }, []],
    [{ declared: 1000, found: 999 }, ['truncated']],
    [{ declared: 1000, found: 999, tolerance: 1 }, []],
    [{ declared: 1000, found: 950 }, ['truncated']],
  ])('%j warns %j', (amounts, expected) => {
    const warnings = new Set<DecodeWarning>();
    judgeCompleteness(amounts, warnings);
    expect([...warnings]).toEqual(expected);
  });

  it('refuses 949 of 1000', () => {
    expect(() => judgeCompleteness({ declared: 1000, found: 949 }, new Set())).toThrow(truncated);
  });
});

describe('judgeDamage', () => {
  it('warns of 1 lost frame in 100 and refuses 2', () => {
    const warnings = new Set<DecodeWarning>();
    judgeDamage({ lost: 0, total: 0 }, warnings);
    expect(warnings.size).toBe(0);
    judgeDamage({ lost: 1, total: 100 }, warnings);
    expect([...warnings]).toEqual(['damaged']);
    expect(() => judgeDamage({ lost: 2, total: 100 }, warnings)).toThrow(corrupt);
    expect(() => judgeDamage({ lost: 1, total: 99 }, warnings)).toThrow(corrupt);
  });
});
