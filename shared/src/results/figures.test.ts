import { describe, expect, it } from 'vitest';
import { figuresOf, worstMistakes, type Judged } from './figures.js';

const clip = (truth: string, decision: string, confidence = 0.9, changes: Partial<Judged> = {}): Judged => ({
  label: truth,
  truth,
  decision,
  guess: decision === 'mute' ? null : decision,
  confidence,
  ...changes,
});

// 10 label clips: 6 right, 1 wrong, 2 unknown (one with the right guess behind it), 1 mute. 5 foreign: 3 refused.
const clips: Judged[] = [
  ...Array.from({ length: 4 }, () => clip('piano', 'piano', 0.8)),
  ...Array.from({ length: 2 }, () => clip('violin', 'violin', 1)),
  clip('violin', 'guitar', 0.7),
  clip('violin', 'unknown', 0.4, { guess: 'violin' }),
  clip('piano', 'unknown', 0.3, { guess: 'drums' }),
  clip('piano', 'mute', 1),
  clip('unknown', 'unknown', 0.4, { label: 'flute', guess: 'violin' }),
  clip('unknown', 'violin', 0.95, { label: 'flute' }),
  clip('unknown', 'drums', 0.6, { label: 'dog' }),
  clip('mute', 'mute', 1),
  clip('mute', 'unknown', 0.3, { guess: 'drums' }),
];
const figures = figuresOf(clips, ['drums', 'guitar', 'piano', 'violin']);

describe('figuresOf', () => {
  it('counts 6 of 10 label clips right, 7 covered, 6 of those 7 right, and 7 best guesses', () => {
    expect(figures.accuracy).toMatchObject({ count: 6, of: 10, share: 0.6 });
    expect(figures.coverage).toMatchObject({ count: 7, of: 10 });
    expect(figures.accuracyWhereCovered).toMatchObject({ count: 6, of: 7 });
    expect(figures.bestGuess).toMatchObject({ count: 7, of: 10 });
  });

  it('counts 3 of 5 foreign clips refused, silence called unknown among them, and 9 of 15 right in all', () => {
    expect(figures.rejection).toMatchObject({ count: 3, of: 5 });
    expect(figures.overall).toMatchObject({ count: 9, of: 15, share: 0.6 });
  });

  it('tells refusals by the names of the folders', () => {
    expect(figures.rejectionByLabel.map(({ label, rejection }) => [label, rejection.count, rejection.of])).toEqual([
      ['dog', 0, 1],
      ['flute', 1, 2],
      ['mute', 2, 2],
    ]);
  });

  it('gives piano recall 4/6 and precision 1, violin recall 1/2 and precision 2/3', () => {
    const byLabel = Object.fromEntries(figures.classes.map((each) => [each.label, each]));
    expect(byLabel['piano']).toMatchObject({ support: 6, recall: 4 / 6, precision: 1, f1: 0.8 });
    expect(byLabel['violin']).toMatchObject({ support: 4, recall: 0.5, precision: 2 / 3, f1: 4 / 7 });
  });

  // Over 9 sounding label clips, by hand: 4 right at 0.8 (gap 0.2), 2 right at 1 (0), 1 wrong at 0.7 (0.7), 1 right at 0.4
  // (0.6), 1 wrong at 0.3 (0.3): (0.8 + 0 + 0.7 + 0.6 + 0.3) / 9.
  it('measures calibration on the 9 sounding label clips: 0.2667', () => {
    expect(figures.calibration.clips).toBe(9);
    expect(figures.calibration.expectedCalibrationError).toBeCloseTo(0.2667, 4);
  });

  it('leaves every share open when there are no clips', () => {
    const nothing = figuresOf([], ['a', 'b']);
    expect(nothing.accuracy.share).toBeNull();
    expect(nothing.rejection.share).toBeNull();
    expect(nothing.classes).toEqual([]);
  });
});

describe('worstMistakes', () => {
  it('lists wrong labels and mute for a sounding clip, the most confident first, and no unknown', () => {
    expect(worstMistakes(clips).map(({ truth, decision, confidence }) => [truth, decision, confidence])).toEqual([
      ['piano', 'mute', 1],
      ['unknown', 'violin', 0.95],
      ['violin', 'guitar', 0.7],
      ['unknown', 'drums', 0.6],
    ]);
  });
});
