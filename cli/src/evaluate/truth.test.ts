import { describe, expect, it } from 'vitest';
import { truthsOf } from './truth.js';

const labels = ['drums', 'guitar', 'piano', 'violin'];
const truths = (found: string[], renamed: Record<string, string> = {}) =>
  truthsOf(found, labels, new Map(Object.entries(renamed)));

describe('truthsOf', () => {
  it('knows labels in any letter case, unknown and mute; a flute is foreign', () => {
    const { byLabel, foreign } = truths(['Violin', 'mute', 'unknown', 'flute', 'flute']);
    expect(Object.fromEntries(byLabel)).toEqual({
      Violin: 'violin',
      mute: 'mute',
      unknown: 'unknown',
      flute: 'unknown',
    });
    expect(foreign).toEqual(['flute']);
  });

  it('follows --map', () => {
    const { byLabel, foreign } = truths(['Sound_Drum', 'keys'], { Sound_Drum: 'drums', keys: 'piano' });
    expect(Object.fromEntries(byLabel)).toEqual({ Sound_Drum: 'drums', keys: 'piano' });
    expect(foreign).toEqual([]);
  });

  it.each(['Sound_Drum', 'drum', 'Drum sounds', 'DRUM-S'])(
    'asks what %s means instead of taking it for foreign',
    (name) => {
      expect(() => truths([name])).toThrow(`--map ${name}=drums`);
    },
  );

  it('takes a label like a label for foreign when the map says so', () => {
    expect(truths(['drum'], { drum: 'unknown' }).byLabel.get('drum')).toBe('unknown');
  });

  it('refuses a map to what is no class', () => {
    expect(() => truths(['a'], { a: 'flute' })).toThrow('the classes are drums, guitar, piano, violin, unknown, mute');
  });
});
