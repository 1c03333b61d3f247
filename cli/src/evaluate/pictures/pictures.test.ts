import { describe, expect, it } from 'vitest';
import { calibrationOf } from '@timbre/shared/results/calibration';
import { confusionPicture } from './confusion-picture.js';
import { thresholdPicture } from './threshold-picture.js';
import { reliabilityPicture } from './reliability-picture.js';

/** Texts of an SVG; fails on tags that do not match, which no viewer would show. */
function textsOf(svg: string): string[] {
  const open: string[] = [];
  for (const [, close, name = '', empty] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  return Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, content = '']) => content);
}

describe('confusionPicture', () => {
  const confusion = {
    rows: ['violin', 'unknown'],
    columns: ['guitar', 'violin', 'unknown', 'mute'],
    counts: [
      [5, 14, 1, 0],
      [0, 1, 2, 1],
    ],
  };

  it('writes each count with its share of the row, and row sums, but no zeros', () => {
    const texts = textsOf(confusionPicture(confusion, 'm on clips'));
    expect(texts.slice(0, 7)).toEqual(['m on clips', 'taken for →', 'clips', 'guitar', 'violin', 'unknown', 'mute']);
    expect(texts.slice(7)).toEqual(
      [
        'violin',
        '20',
        '5',
        '25 %',
        '14',
        '70 %',
        '1',
        '5.0 %',
        'unknown',
        '4',
        '1',
        '25 %',
        '2',
        '50 %',
        '1',
        '25 %',
      ].flat(),
    );
  });

  it('colours 14 violins as violin and foreign clips as unknown or mute as right, 5 violins as guitar as wrong', () => {
    const fills = Array.from(confusionPicture(confusion, 't').matchAll(/class="(good|bad)"/g), ([, name]) => name);
    expect(fills).toEqual(['bad', 'good', 'bad', 'bad', 'good', 'good']);
  });

  it('describes itself for readers who cannot see it', () => {
    expect(confusionPicture(confusion, 't')).toContain(
      '<desc>violin: 5 as guitar, 14 as violin, 1 as unknown; unknown:',
    );
  });

  it('carries labels with markup and control characters, cut at 22 characters', () => {
    const label = '<script>&"\u0001 and a long tail';
    const svg = confusionPicture({ rows: [label], columns: [label], counts: [[1]] }, label);
    expect(textsOf(svg).filter((each) => each.endsWith('…'))).toHaveLength(2);
    expect(svg).not.toContain('<script>');
  });

  it('holds both colour schemes and an own background', () => {
    const svg = confusionPicture(confusion, 't');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('class="page"');
  });
});

describe('reliabilityPicture', () => {
  const guesses = (confidence: number, right: number, wrong: number) =>
    Array.from({ length: right + wrong }, (_, index) => ({ confidence, right: index < right }));

  it('draws accuracy and gap of each bin that has clips, with the number of clips', () => {
    const svg = reliabilityPicture(calibrationOf([...guesses(0.9, 8, 2), ...guesses(0.5, 0, 4)]), 'm on clips');
    const texts = textsOf(svg);
    expect(texts).toContain('calibration error 0.214 over 14 clips');
    expect(texts).toEqual(expect.arrayContaining(['10', '4', 'confidence']));
    expect(svg.match(/class="good"/g)).toHaveLength(2);
    expect(svg).toContain('10 clips at 0.90: 80 % right');
  });

  it('is a picture, too, when there are no clips', () => {
    expect(textsOf(reliabilityPicture(calibrationOf([]), 't'))).toContain('no clips');
  });
});

describe('thresholdPicture', () => {
  const points = [
    { threshold: 0.3, coverage: 1, precision: 0.9, foreignRefused: 0.5 },
    { threshold: 0.6, coverage: 0.9, precision: 0.95, foreignRefused: 0.8 },
  ];
  const svg = thresholdPicture(points, { chosen: 0.45, title: 't' });

  it('draws 3 curves from the first threshold to the last, over axes from the lowest share to 100 %', () => {
    const lines = Array.from(svg.matchAll(/points="([^"]*)" class="curve (\w+)"/g), ([, line, tone]) => [tone, line]);
    expect(lines).toEqual([
      ['third', '58.0,126.0 488.0,102.0'],
      ['good', '58.0,78.0 488.0,126.0'],
      ['bad', '58.0,318.0 488.0,174.0'],
    ]);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['50 %', '100 %', '0.3', '0.6', 'chosen: 0.45']));
    expect(textsOf(svg)).not.toContain('40 %');
  });

  it('says the points for readers who cannot see them', () => {
    expect(svg).toContain('0.6: 90 % named, 95 % of them right, 80 % of foreign refused');
  });
});
