import { describe, expect, it } from 'vitest';
import { labelOfPath } from './path-label.js';

const labels = ['drums', 'violin'];

describe('labelOfPath', () => {
  it.each([
    ['violin/a.wav', 'violin'],
    ['violin/drums/a.wav', 'violin'],
    ['my set/Violin/take 1/a.wav', 'Violin'],
    ['./drums/a.wav', 'drums'],
    ['mute/a.wav', 'mute'],
    ['set/flute/a.wav', 'set'],
    ['flute/a.wav', 'flute'],
    ['a.wav', undefined],
  ])('is for %s %s', (path, label) => {
    expect(labelOfPath(path, labels)).toBe(label);
  });
});
