import { describe, expect, it } from 'vitest';
import { createFairShare, type Candidate } from './fair-share.js';

const a: Candidate = { id: 'a1', tenant: 'a', weight: 1 };
const b: Candidate = { id: 'b1', tenant: 'b', weight: 1 };
const heavy: Candidate = { id: 'a2', tenant: 'a', weight: 3 };

/** Milliseconds each batch gets in so many turns of one second. */
function served(
  turns: number,
  candidates: readonly Candidate[],
  shares = createFairShare(),
  cost: (candidate: Candidate) => number = () => 1000,
): Record<string, number> {
  const had: Record<string, number> = {};
  for (let turn = 0; turn < turns; turn++) {
    const chosen = shares.pick(candidates);
    if (!chosen) break;
    shares.charge(chosen, cost(chosen));
    had[chosen.id] = (had[chosen.id] ?? 0) + cost(chosen);
  }
  return had;
}

describe('createFairShare', () => {
  it('picks nobody where nobody waits', () => {
    expect(createFairShare().pick<Candidate>([])).toBeUndefined();
  });

  it('gives two tenants the same time, though one has 9 batches', () => {
    const many = Array.from({ length: 9 }, (_, at) => ({ ...a, id: `a${at}` }));
    expect(served(100, [...many, b])['b1']).toBe(50_000);
  });

  it('measures seconds of audio, not turns: slices of 10 s come a tenth as often as those of 1 s', () => {
    const had = served(110, [a, b], createFairShare(), ({ tenant }) => (tenant === 'a' ? 10_000 : 1000));
    expect(Math.abs((had['a1'] ?? 0) - (had['b1'] ?? 0))).toBeLessThanOrEqual(10_000);
  });

  it('gives the batches of a tenant time by their weight', () => {
    expect(served(100, [a, heavy])).toEqual({ a1: 25_000, a2: 75_000 });
  });

  it('lets a new tenant share from the start: neither before nor behind a tenant with 1000 s of past', () => {
    const shares = createFairShare();
    served(1000, [a], shares);
    expect(served(10, [a, b], shares)).toEqual({ a1: 5000, b1: 5000 });
  });

  it('gives nothing for an absence: who was away for 1000 s of turns shares evenly again', () => {
    const shares = createFairShare();
    served(10, [a, b], shares);
    served(1000, [a], shares);
    const had = served(20, [a, b], shares);
    expect(had['a1']).toBeGreaterThanOrEqual(9000);
  });

  it('takes nothing for a past of being alone, batch against batch either', () => {
    const shares = createFairShare();
    served(500, [a], shares);
    expect(served(8, [a, heavy], shares)['a2']).toBeGreaterThanOrEqual(5000);
    expect(served(8, [a, heavy], shares)['a1']).toBeGreaterThanOrEqual(1000);
  });

  it('charges clips of no length too, so that an endless row of them does not always come first', () => {
    const had = served(60, [a, b], createFairShare(), ({ tenant }) => (tenant === 'a' ? 0 : 100));
    expect(had['b1']).toBe(3000);
  });
});
