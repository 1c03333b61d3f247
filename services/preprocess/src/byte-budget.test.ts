import { describe, expect, it } from 'vitest';
import { createByteBudget } from './byte-budget.js';

const never = new AbortController().signal;

describe('byte budget', () => {
  it('lets 3 clips of 40 bytes share 100 bytes two at a time, in order', async () => {
    const budget = createByteBudget(100);
    const order: number[] = [];
    const releases = [1, 2, 3].map((n) => budget.take(40, never).then((release) => (order.push(n), release)));
    const first = await releases[0]!;
    await releases[1];
    expect(order).toEqual([1, 2]);
    first();
    await releases[2];
    expect(order).toEqual([1, 2, 3]);
  });

  it('gives a clip of 500 bytes the whole budget of 100', async () => {
    const budget = createByteBudget(100);
    (await budget.take(500, never))();
    (await budget.take(100, never))();
  });

  it('forgets a clip that stops waiting, and serves the one behind it', async () => {
    const budget = createByteBudget(100);
    const release = await budget.take(60, never);
    const impatient = new AbortController();
    const given = budget.take(60, impatient.signal);
    const behind = budget.take(30, never);
    impatient.abort(new Error('canceled'));
    await expect(given).rejects.toThrow('canceled');
    (await behind)();
    release();
  });
});
