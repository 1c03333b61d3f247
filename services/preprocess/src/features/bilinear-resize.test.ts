import { describe, expect, it } from 'vitest';
import { neededPositions, planResizeAxis, renumber, resizeImage } from './bilinear-resize.js';

function resize(
  values: number[],
  [rows, columns]: [number, number],
  [outRows, outColumns]: [number, number],
): number[] {
  const out = new Float32Array(outRows * outColumns);
  const axes = { rows: planResizeAxis(rows, outRows), columns: planResizeAxis(columns, outColumns) };
  resizeImage({ values: Float32Array.from(values), offset: 0, rowStride: columns }, axes, -Infinity, out);
  return [...out];
}

describe('bilinear resize', () => {
  it('to the same size changes nothing', () => {
    const values = [1, 2, 3, 4, 5, 6];
    expect(resize(values, [2, 3], [2, 3])).toEqual(values);
  });

  it('doubles [0, 4] to [0, 1, 3, 4]: half-pixel centres, edges held', () => {
    expect(resize([0, 4], [1, 2], [1, 4])).toEqual([0, 1, 3, 4]);
  });

  it('halves [0, 1, 2, 3] to the means of neighbours', () => {
    expect(resize([0, 1, 2, 3], [1, 4], [1, 2])).toEqual([0.5, 2.5]);
  });

  it('reads 4 of 100 positions for 2 outputs, and the axis over those gives the same image', () => {
    const axis = planResizeAxis(100, 2);
    const kept = neededPositions(axis);
    expect([...kept]).toEqual([24, 25, 74, 75]);
    const moved = renumber(axis, kept);
    const out = new Float32Array(2);
    const values = Float32Array.from(kept, (position) => position ** 2);
    resizeImage({ values, offset: 0, rowStride: 4 }, { rows: planResizeAxis(1, 1), columns: moved }, -Infinity, out);
    expect([...out]).toEqual([(24 ** 2 + 25 ** 2) / 2, (74 ** 2 + 75 ** 2) / 2]);
  });

  it('raises values below the floor before it mixes them', () => {
    const out = new Float32Array(1);
    const axes = { rows: planResizeAxis(1, 1), columns: planResizeAxis(2, 1) };
    resizeImage({ values: Float32Array.of(-90, -10), offset: 0, rowStride: 2 }, axes, -30, out);
    expect(out[0]).toBe(-20);
  });
});
