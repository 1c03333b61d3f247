import { describe, expect, it } from 'vitest';
import type { FailedClip, JudgedClip } from '../judged-clip.js';
import { reportOf, type EvaluationReport, type ReportContext } from './evaluation-report.js';
import { markdownReport } from './markdown-report.js';
import { renderReport } from './text-report.js';

const judged = (name: string, truth: string, decision: string, changes: Partial<JudgedClip> = {}): JudgedClip => ({
  name,
  label: truth,
  truth,
  decision,
  guess: decision,
  confidence: 0.9,
  scores: {},
  durationSeconds: 2,
  preprocessSeconds: 0.01,
  inferSeconds: 0.004,
  jobId: `job-${name}`,
  modelDigest: 'sha256:m',
  version: '0.1.0',
  ...changes,
});
const failed = (name: string, code: string): FailedClip => ({
  name,
  label: 'piano',
  code,
  detail: 'why',
  jobId: undefined,
});

const context: ReportContext = {
  evaluatedAt: '2026-11-22T12:00:00.000Z',
  folder: 'clips',
  split: 'test',
  labelSource: 'names of folders',
  model: {
    id: 'm',
    version: '1.0.0',
    title: 'M',
    labels: ['piano', 'violin'],
    unknownThreshold: 0.5,
    modelDigest: 'sha256:m',
  },
  system: { url: 'http://127.0.0.1:8080', temporary: false, version: '0.1.0' },
  unlabelled: 0,
  foreignLabels: [],
  wallSeconds: 2,
  processor: null,
};
const clips = [
  judged('a.wav', 'piano', 'piano'),
  judged('b.wav', 'violin', 'piano', { confidence: 0.6, inferSeconds: 0.002 }),
  judged('c|d.wav', 'unknown', 'violin', { label: 'flute', confidence: 0.8, inferSeconds: 0.003 }),
];
const report = (changes: Partial<ReportContext> = {}, failures: FailedClip[] = []): EvaluationReport =>
  reportOf(clips, failures, { ...context, ...changes });

describe('reportOf', () => {
  it('counts 3 judged and 3 failed clips, failures by code with the most frequent first', () => {
    const made = report({}, [failed('x', 'audio_empty'), failed('y', 'expired'), failed('z', 'expired')]);
    expect(made.clips).toMatchObject({ total: 6, judged: 3, failed: 3 });
    expect(made.failures.map(({ code, clips: { length } }) => [code, length])).toEqual([
      ['expired', 2],
      ['audio_empty', 1],
    ]);
  });

  it('tells 6 s of audio, 1.5 clips a second and medians of 10 and 3 ms', () => {
    expect(report().speed).toMatchObject({
      audioSeconds: 6,
      clipsPerSecond: 1.5,
      medianPreprocessMs: 10,
      medianInferMs: 3,
    });
  });

  it('warns of foreign labels, of files without label and of a model that changed underway', () => {
    const changed = reportOf([...clips, judged('e', 'piano', 'piano', { modelDigest: 'sha256:n' })], [], {
      ...context,
      foreignLabels: ['flute'],
      unlabelled: 2,
    });
    expect(changed.warnings).toEqual([
      'taken as foreign sounds, where `unknown` or `mute` is right: flute',
      '2 audio files have no label and were left out',
      'the model changed while clips were in work: some were answered by another version of it',
    ]);
    expect(report().warnings).toEqual([]);
  });
});

describe('renderReport', () => {
  it('shows the figures with intervals, the tables, and mistakes with clip and link', () => {
    const text = renderReport(report(), { worst: 10 }).join('\n');
    expect(text).toContain('m 1.0.0 on clips: 3 of 3 clips judged, 0 failed');
    expect(text).toMatch(/accuracy {13}50\.0 % \(1 of 2, 95 % interval 9\.5–90\.5 %\)/);
    expect(text).toMatch(/foreign refused {6}0\.0 % \(0 of 1/);
    expect(text).toMatch(/piano +50\.0 % +100\.0 % +0\.667 +1\n/);
    expect(text).toMatch(/violin +1 +0 +0 +0\n/);
    expect(text).toMatch(
      /0\.80 {2}unknown \(flute\) {2}violin +c\|d\.wav {2}http:\/\/127\.0\.0\.1:8080\/v1\/jobs\/job-c/,
    );
  });

  it('shows 1 of 2 mistakes and 1 of 2 failures when asked for 1, and says so', () => {
    const text = renderReport(report({}, [failed('x', 'expired'), failed('y', 'expired')]), { worst: 1 }).join('\n');
    expect(text).toContain('worst mistakes (1 of 2)');
    expect(text).not.toContain('b.wav');
    expect(text).toContain('failed with expired: 2\n  x: why\n  and 1 more');
  });

  it('names jobs of a temporary system without a link that would lead nowhere', () => {
    const text = renderReport(report({ system: { ...context.system, temporary: true } }), { worst: 9 }).join('\n');
    expect(text).toContain('  job-b.wav');
    expect(text).not.toContain('/v1/jobs/');
  });
});

describe('markdownReport', () => {
  it('has the tables, the pictures and every failure, with pipes in names escaped', () => {
    const text = markdownReport(report({}, [failed('x', 'audio_empty')]));
    expect(text).toContain('| violin | 0.0 % | 0.0 % | 0.000 | 1 |');
    expect(text).toContain('| violin | 1 | 0 | 0 | 0 |');
    expect(text).toContain('![Confusion matrix](confusion.svg)');
    expect(text).toContain('`c\\|d.wav`');
    expect(text).toContain('## Failed with `audio_empty`: 1\n\n- `x`: why');
  });
});
