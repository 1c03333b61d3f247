import { describe, expect, it } from 'vitest';
import { drawBar, drawProgress } from './bar.js';
import { formatBytes, formatCount, formatSeconds, formatShare, parseDuration } from './quantities.js';

describe('formatSeconds', () => {
  it.each([
    [0.04, '0 s'],
    [2.345, '2.3 s'],
    [89.2, '90 s'],
    [91, '2 min'],
    [5400, '1.5 h'],
    [200_000, '2.3 d'],
  ])('writes %d as %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_700, '1.0 MB'],
    [74_557_440, '74.6 MB'],
    [4e12, '4.0 TB'],
  ])('writes %d as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatShare', () => {
  it.each([
    [1, '100.0 %'],
    [0.99999, '>99.9 %'],
    [0.00001, '<0.1 %'],
    [0, '0.0 %'],
  ])('writes %d as %s', (share, text) => expect(formatShare(share)).toBe(text));
});

it('counts one clip, and 12,345 clips', () => {
  expect([formatCount(1, 'clip'), formatCount(12_345, 'clip'), formatCount(7)]).toEqual([
    '1 clip',
    '12,345 clips',
    '7',
  ]);
});

it.each([
  ['90', 90],
  ['1.5h', 5400],
  ['30d', 2_592_000],
  ['15 m', 900],
  ['soon', undefined],
  ['-1h', undefined],
])('reads %j as %j seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

describe('drawBar', () => {
  it('draws in eighths, and a share above 0 never as nothing', () => {
    expect([drawBar(0, 4), drawBar(0.0001, 4), drawBar(0.5, 4), drawBar(1, 4)]).toEqual(['', '▏', '██', '████']);
  });
  it('fills a progress of constant width only when all is done', () => {
    expect([drawProgress(0, 4), drawProgress(0.99, 4), drawProgress(1, 4)]).toEqual(['░░░░', '███░', '████']);
  });
});
