import type { StftTransform } from '@timbre/shared/contracts/feature-spec';
import { describe, expect, it } from 'vitest';
import { createMelBands } from './mel-filterbank.js';

const RATE_HZ = 16000;
const transform: StftTransform = {
  kind: 'mel',
  nFft: 1024,
  winLength: 1024,
  hopLength: 512,
  nMels: 64,
  fMinHz: 0,
  fMaxHz: null,
  melScale: 'htk',
  melNorm: 'none',
  power: 2,
  center: true,
};

/** Dense rows `[nMels][bins]`. */
function rowsOf(changes: Partial<StftTransform>): number[][] {
  const { spans, weights } = createMelBands({ ...transform, ...changes } as StftTransform, RATE_HZ);
  let next = 0;
  return Array.from({ length: spans.length / 2 }, (_, band) => {
    const row = new Array<number>(513).fill(0);
    for (let i = 0; i < spans[2 * band + 1]!; i++) row[spans[2 * band]! + i] = weights[next++]!;
    return row;
  });
}

describe('mel filterbank', () => {
  it('weighs every bin between the first and the last peak by 1 in all', () => {
    const rows = rowsOf({ nMels: 20 });
    const sums = rows[0]!.map((_, bin) => rows.reduce((sum, row) => sum + row[bin]!, 0));
    const peaks = [rows[0]!, rows.at(-1)!].map((row) => row.indexOf(Math.max(...row)));
    for (let bin = peaks[0]! + 1; bin < peaks[1]!; bin++) expect(sums[bin]).toBeCloseTo(1, 6);
  });

  it('gives every triangle an area of 1 Hz with Slaney’s norm, up to 4 % for the grid of bins', () => {
    for (const row of rowsOf({ nMels: 20, melNorm: 'slaney', melScale: 'slaney' }))
      expect(Math.abs(row.reduce((sum, weight) => sum + weight, 0) * (RATE_HZ / 1024) - 1)).toBeLessThan(0.04);
  });

  it('spaces Slaney’s bands evenly below 1 kHz', () => {
    const peaks = rowsOf({ nMels: 40, melScale: 'slaney', fMaxHz: 8000 }).map((row) => row.indexOf(Math.max(...row)));
    const hz = peaks.map((bin) => (bin * RATE_HZ) / 1024).filter((peak) => peak < 900);
    const step = (hz.at(-1)! - hz[0]!) / (hz.length - 1);
    hz.forEach((peak, i) => expect(Math.abs(peak - (hz[0]! + i * step))).toBeLessThan(RATE_HZ / 1024));
  });

  it('leaves a band empty that holds no bin, as 64 bands over 33 bins do', () => {
    const { spans } = createMelBands({ ...transform, nFft: 64, winLength: 64 }, RATE_HZ);
    const sizes = [...spans].filter((_, i) => i % 2 === 1);
    expect(sizes).toContain(0);
    expect(sizes.every((size) => size <= 3)).toBe(true);
  });

  it('keeps 3 % of the dense matrix', () => {
    const { weights } = createMelBands(transform, RATE_HZ);
    expect(weights.length / (64 * 513)).toBeCloseTo(0.03, 2);
    expect(weights.every((weight) => weight > 0)).toBe(true);
  });
});
