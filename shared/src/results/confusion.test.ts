import { describe, expect, it } from 'vitest';
import { classFigures, confusionOf } from './confusion.js';

const clips = (table: Record<string, string[]>) =>
  Object.entries(table).flatMap(([truth, decisions]) => decisions.map((decision) => ({ truth, decision })));
const labels = ['drums', 'guitar', 'piano', 'violin'];

describe('confusionOf', () => {
  const matrix = confusionOf(
    clips({ violin: ['violin', 'guitar', 'unknown'], drums: ['drums', 'drums'], unknown: ['unknown', 'drums'] }),
    labels,
  );

  it('has a row for each class with clips, in the order of the model, foreign ones last', () => {
    expect(matrix.rows).toEqual(['drums', 'violin', 'unknown']);
  });

  it('has columns for what occurs or was decided, always unknown and mute; piano does neither', () => {
    expect(matrix.columns).toEqual(['drums', 'guitar', 'violin', 'unknown', 'mute']);
  });

  it('counts 1 violin as guitar and 1 foreign clip as drums', () => {
    expect(matrix.counts).toEqual([
      [2, 0, 0, 0, 0],
      [0, 1, 1, 1, 0],
      [1, 0, 0, 1, 0],
    ]);
  });

  it('refuses a decision that is no class of the model', () => {
    expect(() => confusionOf(clips({ drums: ['flute'] }), labels)).toThrow('flute');
  });
});

describe('classFigures', () => {
  it('gives precision 2/3, recall 2/2, F1 0.8 to drums when 1 foreign clip was taken for drums', () => {
    const figures = classFigures(
      confusionOf(
        clips({ violin: ['violin', 'guitar', 'unknown'], drums: ['drums', 'drums'], unknown: ['drums'] }),
        labels,
      ),
    );
    expect(figures).toEqual([
      { label: 'drums', support: 2, precision: 2 / 3, recall: 1, f1: 0.8 },
      { label: 'guitar', support: 0, precision: 0, recall: null, f1: 0 },
      { label: 'violin', support: 3, precision: 1, recall: 1 / 3, f1: 0.5 },
      { label: 'unknown', support: 1, precision: 0, recall: 0, f1: 0 },
    ]);
  });

  it('leaves precision open for a class nothing was taken for', () => {
    const [piano] = classFigures(confusionOf(clips({ piano: ['unknown'] }), labels));
    expect(piano).toEqual({ label: 'piano', support: 1, precision: null, recall: 0, f1: 0 });
  });

  it('is empty for no clips', () => {
    expect(classFigures(confusionOf([], labels))).toEqual([]);
  });
});
