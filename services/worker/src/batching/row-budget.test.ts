import { describe, expect, it } from 'vitest';
import { createRowBudget } from './row-budget.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('row budget', () => {
  it('admits 10 rows of 10 and the next task when the first gives back', async () => {
    const budget = createRowBudget(10);
    const giveBack = await budget.take(10, 'bulk');
    let admitted = false;
    const second = budget.take(1, 'bulk').then(() => (admitted = true));
    await settle();
    expect(admitted).toBe(false);
    giveBack();
    giveBack();
    await second;
  });

  it('keeps lanes apart', async () => {
    const budget = createRowBudget(10);
    await budget.take(10, 'bulk');
    await budget.take(10, 'interactive');
  });

  it('keeps the order: a small task does not overtake a big one', async () => {
    const budget = createRowBudget(10);
    const order: string[] = [];
    const giveBack = await budget.take(6, 'bulk');
    const big = budget.take(8, 'bulk').then((release) => {
      order.push('big');
      release();
    });
    const small = budget.take(2, 'bulk').then((release) => {
      order.push('small');
      release();
    });
    giveBack();
    await Promise.all([big, small]);
    expect(order).toEqual(['big', 'small']);
  });

  it('lets 3600 rows through a budget of 10, alone', async () => {
    const budget = createRowBudget(10);
    const giveBack = await budget.take(3600, 'bulk');
    let admitted = false;
    const second = budget.take(1, 'bulk').then(() => (admitted = true));
    await settle();
    expect(admitted).toBe(false);
    giveBack();
    await second;
  });

  it('forgets a waiting task that is aborted and admits the one behind it', async () => {
    const budget = createRowBudget(10);
    await budget.take(6, 'bulk');
    const controller = new AbortController();
    const big = budget.take(10, 'bulk', controller.signal);
    const small = budget.take(2, 'bulk');
    controller.abort(new Error('canceled'));
    await expect(big).rejects.toThrow('canceled');
    await small;
    await expect(budget.take(1, 'bulk', controller.signal)).rejects.toThrow('canceled');
  });
});
