import { describe, expect, it } from 'vitest';
import { rowKey, rowsInView } from './virtual-rows.js';

const HEIGHT = 38;

describe('rowsInView', () => {
  it('covers the viewport wherever it is, with at most pool rows of 100,000', () => {
    for (let top = 0; top <= 100_000 * HEIGHT - 600; top += 12_345) {
      const range = rowsInView({ top, height: 600 }, HEIGHT, 100_000);
      expect(range.first * HEIGHT).toBeLessThanOrEqual(top);
      expect(range.last * HEIGHT).toBeGreaterThanOrEqual(top + 600);
      expect(range.last - range.first).toBeLessThanOrEqual(range.pool);
      expect(range.pool).toBeLessThan(40);
    }
  });

  it('gives each row of a range its own element', () => {
    const range = rowsInView({ top: 55_555, height: 600 }, HEIGHT, 100_000);
    const keys = new Set<number>();
    for (let position = range.first; position < range.last; position += 1) keys.add(rowKey(position, range));
    expect(keys.size).toBe(range.last - range.first);
  });

  it('is empty for no rows, and ends at the last of a few', () => {
    expect(rowsInView({ top: 0, height: 600 }, HEIGHT, 0)).toMatchObject({ first: 0, last: 0 });
    expect(rowsInView({ top: 5000, height: 600 }, HEIGHT, 7)).toMatchObject({ last: 7 });
  });
});
