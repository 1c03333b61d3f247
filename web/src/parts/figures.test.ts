import { describe, expect, it } from 'vitest';
import { clock, counted, decibels, percent, size, span } from './figures.js';

describe('figures', () => {
  it.each([
    [0, '0:00.0'],
    [7.25, '0:07.2'],
    [59.99, '0:59.9'],
    [60, '1:00'],
    [723, '12:03'],
    [3723, '1:02:03'],
  ])('shows %d seconds on a clock as %s', (seconds, text) => expect(clock(seconds)).toBe(text));

  it.each([
    [0, '0 s'],
    [0.012, '12 ms'],
    [1.84, '1.8 s'],
    [89, '89 s'],
    [840, '14 min'],
    [11_520, '3.2 h'],
    [180_000, '2 days'],
  ])('tells a span of %d seconds as %s', (seconds, text) => expect(span(seconds)).toBe(text));

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [264_644, '265 kB'],
    [1_200_000, '1.2 MB'],
    [5e12, '5.0 TB'],
  ])('tells %d bytes as %s', (bytes, text) => expect(size(bytes)).toBe(text));

  it('writes percent, decibels and counts as people do', () => {
    expect(percent(0.934, 1)).toBe('93.4 %');
    expect(decibels(-18.44)).toBe('−18.4 dBFS');
    expect([counted(1, 'clip'), counted(12_000, 'clip')]).toEqual(['1 clip', '12,000 clips']);
  });
});
