import { describe, expect, it } from 'vitest';
import { ravenResults } from './raven-results.js';
import { bytesOf, decidedItem, failedItem, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();

describe('ravenResults', () => {
  it('lays clips end to end, keeps the time within each, and leaves silence out', async () => {
    const rows = [
      [0.875, 0],
      [1, 0],
      [0, 0.75],
    ];
    const items = [
      decidedItem(card, { rows, levels: [-20, -70, -20], durationSeconds: 3.25 }, { path: 'a/one.wav' }),
      failedItem('audio_corrupt', { index: 1 }),
      decidedItem(card, { rows: [[0.25, 0.125]] }, { index: 2, path: 'a\\two\t.wav' }),
    ];
    expect((await bytesOf(ravenResults(streamOf(items)))).toString().split('\n')).toEqual([
      'Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tBegin Path\tBegin File\tFile Offset (s)\tLabel\tScore',
      '1\tSpectrogram 1\t1\t0.000000\t1.500000\t0\t22050\ta/one.wav\tone.wav\t0.000000\tdrums\t0.8750',
      '2\tSpectrogram 1\t1\t2.500000\t3.250000\t0\t22050\ta/one.wav\tone.wav\t2.500000\tviolin\t0.7500',
      '3\tSpectrogram 1\t1\t3.250000\t5.250000\t0\t22050\ta\\two .wav\ttwo .wav\t0.000000\tunknown\t0.2500',
      '',
    ]);
  });

  it('takes the length of a failed clip into account where it is known', async () => {
    const items = [
      failedItem('inference_failed', { clip: { durationSeconds: 10 } }),
      decidedItem(card, { rows: [[1, 0]] }, { index: 1, clip: { durationSeconds: 2 } }),
    ];
    const [, row] = (await bytesOf(ravenResults(streamOf(items)))).toString().split('\n');
    expect(row).toMatch(/\t10\.000000\t12\.000000\t0\t20000\t.*\t0\.000000\tdrums\t/);
  });
});
