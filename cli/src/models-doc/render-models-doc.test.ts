import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DocumentedModel } from './documented-model.js';
import { readFindings, type Findings, type StoredEvaluation } from './read-models.js';
import { renderModelsDocument } from './render-models-doc.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const model = (id: string, changes: Partial<DocumentedModel> = {}): DocumentedModel => ({
  id,
  version: '1',
  title: id,
  labels: ['drums', 'piano'],
  features: {
    version: 1,
    sampleRateHz: 16_000,
    crop: { kind: 'head', seconds: 10 },
    transform: { kind: 'waveform' },
  },
  temperature: 1.25,
  thresholds: { unknown: 0.4 },
  metrics: [
    {
      set: 'held-out real recordings, by source',
      clips: 20,
      accuracy: 0.8,
      command: 'c',
      expectedCalibrationError: 0.031,
      confusion: [
        [9, 1, 0, 0],
        [3, 6, 1, 0],
        [0, 0, 0, 0],
      ],
    },
  ],
  made: {
    command: 'training/train.sh this (seed 5)',
    trainedSeconds: 90,
    data: { 'rendered:x drums': 1200, 'A piano': 30 },
  },
  parameters: 1234,
  onnxBytes: 5_010_000,
  rules: { silenceGateDbfs: -60, smoothingWindows: 3, mergeGapSeconds: 0.5, clipRule: 'meanScore' },
  modelDigest: `sha256:${id}`,
  licence: 'MIT',
  ...changes,
});
const findings = (changes: Partial<Findings> = {}): Findings => ({
  models: [model('first'), model('large', { rules: undefined, modelDigest: undefined })],
  recipes: [
    { modelId: 'first', number: 1, description: 'one', command: 'training/train.sh first' },
    { modelId: 'second', number: 2, description: 'two', command: 'training/train.sh second' },
    { modelId: 'large', number: 4, description: 'four', command: 'training/train.sh large' },
    { modelId: 'ours', number: undefined, description: 'windows', command: 'training/train.sh ours' },
  ],
  evaluations: [],
  speeds: undefined,
  codecs: undefined,
  ...changes,
});
const lineOf = (markdown: string, start: string) => markdown.split('\n').find((line) => line.startsWith(start));

describe('renderModelsDocument', () => {
  const { markdown, pictures } = renderModelsDocument(findings());

  it('gives a trained model its figures: 15 of 20 right, piano 6 of 10, 19 covered', () => {
    expect(lineOf(markdown, '| 1 |')).toBe(
      '| 1 | `first` | first 10 s at 16 kHz, waveform | 1,234 | 5.01 MB | 1,200 rendered, 30 real | 75.0 % | 60.0 % piano | ' +
        '95.0 % | 0.031 | – | – | in `models/` |',
    );
    expect(markdown).toContain(
      '| `first` | 20 | 75.0 % (53–89) | drums 90 %, piano 60 % | 95.0 % | 78.9 % | 0.031 | – |',
    );
  });

  it('lists all 7 recipes and our own: 2 trained, 6 honestly not, with the command that makes them', () => {
    expect(markdown.match(/^\| (\d|own) \|/gm)).toHaveLength(8);
    expect(markdown.match(/\| \*\*not trained yet\*\* \|$/gm)).toHaveLength(6);
    expect(lineOf(markdown, '| second |')).toContain('`training/train.sh second` | **not yet**');
    expect(lineOf(markdown, '| 7 |')).toContain('no recipe in this repository');
    expect(lineOf(markdown, '| 4 |')).toContain('too large for git: figures only');
  });

  it('keeps a remark out of the command', () => {
    expect(lineOf(markdown, '| `first` | `')).toContain('`training/train.sh this` (seed 5) | 1.5 min');
  });

  it('draws the confusion matrix of each set and links it', () => {
    expect([...pictures.keys()]).toEqual([
      'confusion-first-held-out-real-recordings-by-source.svg',
      'confusion-large-held-out-real-recordings-by-source.svg',
    ]);
    expect(markdown).toContain('](pictures/confusion-first-held-out-real-recordings-by-source.svg)');
  });

  it('says how many clips keep their decision in each format, and which do not', () => {
    const formats = { opus: { kept: 3, clips: 4, changed: ['piano/a.flac: piano → unknown'] } };
    const codecs = { model: 'first', split: 'test', kept: 3, of: 4, formats };
    const shown = renderModelsDocument(findings({ codecs })).markdown;
    expect(lineOf(shown, '| Opus, 48 kbit/s |')).toMatch(
      /\| 4 \| 75.0 % \(\d+–\d+\) \| piano\/a.flac: piano → unknown \|$/,
    );
    expect(markdown).not.toContain('lossy');
  });

  it('shows a speed only of the very version of the model that was timed', () => {
    const speeds = (modelDigest: string) => ({
      tools: { processor: 'P', onnxruntime: '1' },
      models: { first: { modelDigest, millisecondsPerClip: 1.234 } },
    });
    const row = (digest: string) =>
      lineOf(renderModelsDocument(findings({ speeds: speeds(digest) })).markdown, '| 1 |');
    expect(row('sha256:first')).toContain('| 1.2 | in');
    expect(row('sha256:older')).toContain('| – | in');
  });

  it('tables what a twin was judged on with the other models, and says whose figures they are', () => {
    const twin = model('ours').metrics.map((row) => ({ ...row, set: `${row.set}, of the twin` }));
    const { markdown } = renderModelsDocument(findings({ models: [model('first'), model('ours', { metrics: twin })] }));
    expect(markdown.match(/^### Held-out real recordings, by source$/gm)).toHaveLength(1);
    expect(lineOf(markdown, '| `ours`, its twin |')).toContain('| 20 | 75.0 %');
    expect(lineOf(markdown, '| own |')).toContain('75.0 %');
  });

  it('shows a stored evaluation of a model as it is, and refuses that of an earlier version', () => {
    const share = { count: 1, of: 2, share: 0.5, interval: [0.1, 0.9] };
    const calibration = { bins: [], clips: 2, expectedCalibrationError: 0.07 };
    const evaluation = (modelDigest: string) =>
      ({
        name: 'first-real',
        report: {
          model: { id: 'first', modelDigest },
          folder: 'data/real/',
          split: 'test',
          evaluatedAt: '2026-11-22T10:00:00Z',
          clips: { judged: 2, failed: 0 },
          figures: { accuracy: share, coverage: share, rejection: share, calibration },
        },
      }) as unknown as StoredEvaluation;
    const shown = renderModelsDocument(findings({ evaluations: [evaluation('sha256:first')] }));
    expect(shown.markdown).toContain('| `first` | 2 of real, split test | 0 | 50.0 % (10–90) |');
    expect(shown.pictures.has('reliability-first-real.svg')).toBe(true);
    const stale = renderModelsDocument(findings({ evaluations: [evaluation('sha256:older')] }));
    expect(stale.markdown).toContain(
      '`docs/evaluations/first-real` is of an earlier version of `first`: evaluate again.',
    );
    expect(stale.markdown).not.toContain('50.0 % (10–90)');
    const unlisted = { ...findings({ evaluations: [evaluation('sha256:twin')] }), models: [model('large')] };
    expect(renderModelsDocument(unlisted).markdown).toContain('| `first` | 2 of real, split test |');
  });
});

describe('docs/models.md', () => {
  it('is what `npm run docs:models` writes from the cards as they are, pictures included', async () => {
    const { markdown, pictures } = renderModelsDocument(await readFindings(root));
    const hint = 'run `npm run docs:models` (after `npm run parity`, when a model changed)';
    expect(await readFile(join(root, 'docs', 'models.md'), 'utf8'), hint).toBe(markdown);
    const names = (await readdir(join(root, 'docs', 'pictures'))).sort();
    expect(names, hint).toEqual(expect.arrayContaining([...pictures.keys()]));
    for (const [file, svg] of pictures)
      expect(await readFile(join(root, 'docs', 'pictures', file), 'utf8'), `${file}: ${hint}`).toBe(svg);
  });
});
