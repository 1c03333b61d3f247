import { describe, expect, it } from 'vitest';
import type { JobView, Segment } from '@timbre/shared/contracts/job';
import { renderResults } from './results-table.js';
import type { ClipOutcome } from './submit-clips.js';
import { renderTable } from './text-table.js';
import { renderTimeline } from './timeline.js';

const segment = (label: string, startSeconds: number, endSeconds: number): Segment => ({
  label,
  startSeconds,
  endSeconds,
  confidence: 0.9,
});

const timings = {
  uploadSeconds: 0.0061,
  waitSeconds: 0.002,
  preprocessSeconds: 0.0124,
  inferWaitSeconds: 0.004,
  inferSeconds: 0.0009,
  totalSeconds: 0.0312,
};

function outcome(name: string, job: object): ClipOutcome {
  const clip = { name, path: `/clips/${name}`, bytes: 1 };
  return { clip, job: { timings: { uploadSeconds: 0.0061 }, ...job } as unknown as JobView };
}

function succeeded(name: string, decision: string, label: string | null): ClipOutcome {
  const segments = [segment(label ?? decision, 0, 6)];
  return outcome(name, { state: 'succeeded', timings, result: { decision, label, confidence: 0.934, segments } });
}

describe('renderTimeline', () => {
  const segments = [segment('violin', 0, 6), segment('mute', 6, 7.25), segment('piano', 7.25, 60)];

  it('writes each segment with its label and tenths of seconds', () => {
    expect(renderTimeline(segments, 80)).toBe('violin 0.0-6.0s · mute 6.0-7.3s · piano 7.3-60.0s');
  });

  it('counts the segments that do not fit in 30 characters', () => {
    expect(renderTimeline(segments, 30)).toBe('violin 0.0-6.0s · +2 more');
  });

  it('is empty for a clip without segments', () => {
    expect(renderTimeline([], 30)).toBe('');
  });
});

describe('renderTable', () => {
  it('aligns cells, cuts long ones in the middle and counts an accented letter as one', () => {
    const lines = renderTable(
      [
        { title: 'clip', cell: ([name = '']: string[]) => name, maxWidth: 9 },
        { title: 'ms', align: 'right', cell: ([, ms = '']: string[]) => ms },
      ],
      [
        ['a-very-long-name.wav', '7'],
        ['e\u0301tude', '120'],
      ],
    );
    expect(lines).toEqual(['clip        ms', '─────────  ───', 'a-ve….wav    7', 'e\u0301tude      120']);
  });
});

describe('renderResults', () => {
  const outcomes: ClipOutcome[] = [
    succeeded('violin.wav', 'label', 'violin'),
    succeeded('hum.wav', 'unknown', 'piano'),
    succeeded('silence.wav', 'mute', null),
    outcome('empty.wav', { state: 'failed', error: { code: 'audio_empty' } }),
    outcome('late.wav', { state: 'expired' }),
    { clip: { name: 'huge.wav', path: '/huge.wav', bytes: 1 }, refusal: { code: 'payload_too_large', detail: '' } },
  ];

  it('shows decision, confidence, timeline and milliseconds of each stage', () => {
    const [head, , violin] = renderResults(outcomes, undefined);
    expect(head?.split(/ {2,}/)).toEqual([
      'clip',
      'decision',
      'conf.',
      'timeline',
      'upload',
      'wait',
      'preprocess',
      'infer wait',
      'infer',
      'total ms',
    ]);
    expect(violin?.split(/ {2,}/)).toEqual([
      'violin.wav',
      'violin',
      '0.93',
      'violin 0.0-6.0s',
      '6.1',
      '2.0',
      '12',
      '4.0',
      '0.9',
      '31',
    ]);
  });

  it('names the best guess of an unknown clip and the error code of a failed one', () => {
    const decisions = renderResults(outcomes, undefined)
      .slice(2, 8)
      .map((line) => line.split(/ {2,}/)[1]);
    expect(decisions).toEqual([
      'violin',
      'unknown (piano?)',
      'mute',
      'failed: audio_empty',
      'expired',
      'failed: payload_too_large',
    ]);
  });

  it('says which clips are as expected, and how many', () => {
    const lines = renderResults(outcomes, { 'violin.wav': 'violin', 'hum.wav': 'drums', 'empty.wav': 'piano' });
    expect(lines[2]).toMatch(/yes$/);
    expect(lines[3]).toMatch(/NO: drums$/);
    expect(lines[4]).not.toMatch(/yes|NO/);
    expect(lines[5]).toMatch(/NO: piano$/);
    expect(lines.at(-1)).toBe('6 clips: 3 classified, 3 failed; 1 of 3 as expected');
  });
});
