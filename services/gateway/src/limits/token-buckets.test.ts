import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenBuckets, type TokenBucketsOptions } from './token-buckets.js';

function bucketsAt(options: Partial<TokenBucketsOptions> = {}) {
  const clock = { ms: 1_000_000 };
  const buckets = createTokenBuckets({ perSecond: 100, burst: 200, now: () => clock.ms, ...options });
  const takeMany = (count: number, key = 'a') =>
    Array.from({ length: count }, () => buckets.take(key)).filter(({ allowed }) => allowed).length;
  return { clock, buckets, takeMany };
}

describe('a bucket of 200 refilled by 100 a second', () => {
  it('lets 200 of 1000 requests at once pass, and 100 more a second later', () => {
    const { clock, takeMany } = bucketsAt();
    expect(takeMany(1000)).toBe(200);
    clock.ms += 1000;
    expect(takeMany(1000)).toBe(100);
  });

  it('lets one request pass every 10 ms once it is empty', () => {
    const { clock, takeMany } = bucketsAt();
    takeMany(200);
    for (let step = 0; step < 500; step++) {
      clock.ms += 9.9;
      expect(takeMany(1)).toBe(0);
      clock.ms += 0.1;
      expect(takeMany(2)).toBe(1);
    }
  });

  it('counts down what is left and says when there is more', () => {
    const { clock, buckets, takeMany } = bucketsAt();
    expect(buckets.look('a')).toEqual({ allowed: true, remaining: 200, nextSeconds: 0 });
    const first = buckets.take('a');
    expect(first).toMatchObject({ allowed: true, remaining: 199 });
    expect(first.nextSeconds).toBeCloseTo(0.01);
    takeMany(199);
    clock.ms += 4;
    const refused = buckets.take('a');
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.nextSeconds).toBeCloseTo(0.006);
    clock.ms += 100;
    expect(buckets.look('a')).toMatchObject({ allowed: true, remaining: 10 });
  });

  it('does not fill beyond 200 in a day', () => {
    const { clock, takeMany } = bucketsAt();
    takeMany(200);
    clock.ms += 86_400_000;
    expect(takeMany(1000)).toBe(200);
  });

  it('keeps keys apart', () => {
    const { takeMany } = bucketsAt();
    expect([takeMany(500, 'a'), takeMany(500, 'b')]).toEqual([200, 200]);
  });
});

describe('memory', () => {
  it('keeps nothing about 10,000 keys that have been quiet until their buckets were full', () => {
    const { clock, buckets } = bucketsAt();
    for (let key = 0; key < 10_000; key++) {
      buckets.take(`key-${key}`);
      clock.ms += 1;
    }
    expect(buckets.size).toBeLessThanOrEqual(10);
  });

  it('forgets the longest quiet of 1001 busy keys, and no other', () => {
    const { buckets, takeMany } = bucketsAt({ maxKeys: 1000 });
    for (let key = 0; key < 1000; key++) takeMany(200, `key-${key}`);
    takeMany(1, 'one more');
    expect(buckets.size).toBe(1000);
    expect(buckets.look('key-0').remaining).toBe(200);
    expect(buckets.look('key-1').remaining).toBe(0);
  });
});

it('never lets more than burst + rate × time pass, in any interval of any pattern of requests', () => {
  const pattern = fc.array(fc.record({ waitMs: fc.nat(500), requests: fc.nat(60) }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 100 }),
      pattern,
      (perSecond, burst, steps) => {
        const { clock, takeMany } = bucketsAt({ perSecond, burst });
        const passed = steps.map(({ waitMs, requests }) => {
          clock.ms += waitMs;
          return { atMs: clock.ms, count: takeMany(requests) };
        });
        for (const [first, { atMs: from }] of passed.entries()) {
          let total = 0;
          for (const { atMs, count } of passed.slice(first)) {
            total += count;
            expect(total).toBeLessThanOrEqual(burst + ((atMs - from) / 1000) * perSecond + 1e-3);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});
