import { expect, it } from 'vitest';
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import { createStyle } from '../terminal/style.js';
import { describeSummary } from './describe-summary.js';

const bin = (from: number, clips: number) => ({ from, to: from + 0.05, clips });
const summary: BatchSummary = {
  clips: { total: 10, succeeded: 8, failed: 2, reused: 0, duplicates: 1 },
  instruments: [
    { name: 'violin', clips: 5, segments: 9, hours: 2 },
    { name: 'piano', clips: 3, segments: 4, hours: 0.5 },
    { name: 'mute', clips: 0, segments: 0, hours: 0 },
  ],
  unknown: { count: 1, of: 8, share: 0.125, interval: [0.02, 0.47] },
  mute: { count: 0, of: 8, share: 0, interval: [0, 0.32] },
  confidence: [bin(0, 0), bin(0.6, 1), bin(0.65, 1), bin(0.95, 6)],
  failuresByCode: { audio_empty: 2 },
  durations: { clips: 8, totalSeconds: 9000, meanSeconds: 1125, shortestSeconds: 3, longestSeconds: 3600 },
  formats: { wav: 6, mp3: 2 },
  agreement: {
    accuracy: { count: 6, of: 8, share: 0.75, interval: [0.41, 0.93] },
    failed: 1,
    confusion: {
      rows: ['violin', 'piano'],
      columns: ['violin', 'piano', 'unknown'],
      counts: [
        [5, 0, 1],
        [1, 3, 0],
      ],
    },
    foreignLabels: {},
  },
};
const text = describeSummary(summary, createStyle(false));

it('draws hours as bars relative to the most, without those nobody plays', () => {
  expect(text.filter((line) => /^ {2}(violin|piano|mute) +█/.test(line))).toEqual([
    `  violin         ${'█'.repeat(36)} 2.0 h, 5 clips`,
    `  piano          ${'█'.repeat(9)}${' '.repeat(27)} 30 min, 3 clips`,
  ]);
});

it('puts bins of a twentieth together to tenths, from the first that is not empty', () => {
  const bins = text
    .filter((line) => / to \d\.\d /.test(line))
    .map((line) => line.replace(/\s*[█▏▎▍▌▋▊▉]*\s+(\d+)$/, ' $1'));
  expect(bins).toEqual(['  0.6 to 0.7 2', '  0.7 to 0.8 0', '  0.8 to 0.9 0', '  0.9 to 1.0 6']);
});

it('tells agreement with expected labels, its interval and the mistakes', () => {
  expect(text).toContain('6 of 8: 75.0 % (95 %: 41.0 % to 93.0 %); 1 failed');
  expect(text).toContain('  violin taken for unknown: 1');
  expect(text).toContain('  piano taken for violin: 1');
});

it('begins with clips, audio and shares', () => {
  expect(text.slice(0, 3)).toEqual([
    '10 clips, 8 succeeded, 2 failed, 1 duplicate',
    '2.5 h of audio, 3 s to 60 min each: 6 wav, 2 mp3',
    '12.5 % unknown, 0.0 % mute',
  ]);
});
