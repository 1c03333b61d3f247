import { describe, expect, it } from 'vitest';
import { setFigures } from './card-figures.js';

const labels = ['drums', 'guitar', 'piano'];
const metrics = (confusion: number[][] | undefined) => ({
  set: 'held-out',
  clips: 30,
  accuracy: 0.5,
  command: 'c',
  ...(confusion ? { confusion } : {}),
});

describe('setFigures', () => {
  // drums 8 of 10 right, 1 as guitar, 1 unknown; guitar 5 of 10 right, 5 mute; piano has no clips; 6 of 10 foreign refused.
  const figures = setFigures(
    metrics([
      [8, 1, 0, 1, 0],
      [0, 5, 0, 0, 5],
      [0, 0, 0, 0, 0],
      [4, 0, 0, 5, 1],
    ]),
    labels,
  )!;

  it('counts 13 of 20 right, 14 covered, 13 of those right, 6 of 10 foreign refused', () => {
    expect(figures.accuracy).toMatchObject({ count: 13, of: 20, share: 0.65 });
    expect(figures.coverage).toMatchObject({ count: 14, of: 20 });
    expect(figures.accuracyWhereCovered).toMatchObject({ count: 13, of: 14 });
    expect(figures.rejection).toMatchObject({ count: 6, of: 10 });
  });

  it('leaves out piano, which no clip is and none was taken for', () => {
    expect(figures.confusion.rows).toEqual(['drums', 'guitar', 'unknown']);
    expect(figures.confusion.columns).toEqual(['drums', 'guitar', 'unknown', 'mute']);
    expect(figures.confusion.counts).toEqual([
      [8, 1, 1, 0],
      [0, 5, 0, 5],
      [4, 0, 5, 1],
    ]);
  });

  it('gives drums recall 0.8 and, for the 4 foreign clips taken for it, precision 8/12', () => {
    expect(figures.classes[0]).toMatchObject({ label: 'drums', recall: 0.8, precision: 8 / 12, support: 10 });
  });

  it('is undefined where the card has no matrix', () => {
    expect(setFigures(metrics(undefined), labels)).toBeUndefined();
  });
});
