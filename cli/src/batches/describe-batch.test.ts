import { describe, expect, it } from 'vitest';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { createStyle } from '../terminal/style.js';
import { exitCodeOf } from './batch-end.js';
import { describeBatch, describeEnd, describeProgress } from './describe-batch.js';

const plain = createStyle(false);
const counts = { total: 2000, queued: 1500, running: 88, succeeded: 409, failed: 3, canceled: 0, reused: 12 };
const batch = (changes: Partial<BatchView> = {}): BatchView => ({
  id: `b${'0'.repeat(32)}`,
  state: 'running',
  paused: false,
  name: 'archive.zip',
  model: 'timbre-s',
  preflight: false,
  createdAt: '2026-11-22T10:00:00.000Z',
  clips: counts,
  failuresByCode: { audio_empty: 1, audio_corrupt: 2 },
  decisions: { violin: 400, mute: 9 },
  audioSeconds: { total: 7200, done: 1500 },
  deadlineAt: '2026-11-29T10:00:00.000Z',
  audioExpiresAt: '2026-12-22T10:00:00.000Z',
  expiresAt: '2026-12-22T10:00:00.000Z',
  ...changes,
});

describe('describeProgress', () => {
  it('shows counts, rate, time left with its range, reused and failed', () => {
    const running = batch({
      rate: { clipsPerSecond: 31.24, audioSecondsPerSecond: 100 },
      eta: { seconds: 51, lowSeconds: 40, highSeconds: 70 },
    });
    expect(describeProgress(running)).toBe(
      `${'█'.repeat(4)}${'░'.repeat(20)} 412/2,000 clips, 31.2/s, 51 s left (40 s to 70 s), 12 reused, 3 failed`,
    );
  });

  it('marks a total that still grows, and says why nothing happens', () => {
    const waiting = batch({
      state: 'expanding',
      waiting: { code: 'no_worker', detail: 'No worker process is running.' },
    });
    expect(describeProgress(waiting)).toMatch(/412\/2,000\+ clips, .*No worker process is running\.$/);
  });

  it('says that it is paused, and no reason or time besides', () => {
    const paused = batch({ paused: true, waiting: { code: 'paused', detail: 'Paused; resume it to go on.' } });
    expect(describeProgress(paused)).toContain('clips, paused, 12 reused');
    expect(describeProgress(paused)).not.toContain('resume');
  });
});

describe('describeBatch', () => {
  it('names what there is and leaves out what there is not', () => {
    const lines = describeBatch(batch(), plain);
    expect(lines).toContain('clips       2,000, 409 succeeded, 3 failed, 88 running, 1,500 queued, 12 reused');
    expect(lines).toContain('failures    2 audio_corrupt, 1 audio_empty');
    expect(lines.some((line) => /^(error|waiting|took|clips of)/.test(line))).toBe(false);
  });

  it('tells time, pace and speed of a batch that has ended', () => {
    const ended = batch({
      state: 'succeeded',
      startedAt: '2026-11-22T10:00:00.000Z',
      finishedAt: '2026-11-22T10:00:40.000Z',
      audioSeconds: { total: 7200, done: 7200 },
    });
    expect(describeBatch(ended, plain)).toContain('took        40 s, 50.0 clips/s, 180x real time');
  });
});

describe('describeEnd', () => {
  it('counts good and failed clips with their codes, in colour where wanted', () => {
    const ended = batch({
      state: 'completed_with_errors',
      clips: { ...counts, succeeded: 1997, queued: 0, running: 0 },
    });
    const text =
      'completed with errors: 1,997 of 2,000 clips good (99.9 %), 12 reused, 3 failed: 2 audio_corrupt, 1 audio_empty';
    expect(describeEnd(ended, plain)).toBe(text);
    expect(describeEnd(ended, createStyle(true))).toMatch(/^\u001B\[33mcompleted with errors\u001B\[39m:/);
  });

  it('says why a batch failed as a whole', () => {
    const error = { code: 'archive_corrupt', title: '', detail: 'no end of central directory', retryable: false };
    const failed = batch({
      state: 'failed',
      error,
      clips: { ...counts, total: 0, succeeded: 0, failed: 0, reused: 0 },
    });
    expect(describeEnd(failed, plain)).toBe('failed: 0 of 0 clips good; archive_corrupt: no end of central directory');
  });
});

describe('exitCodeOf', () => {
  it.each([
    ['succeeded', 0],
    ['completed_with_errors', 2],
    ['failed', 2],
    ['canceled', 2],
    ['expired', 2],
  ] as const)('is for %s %d', (state, code) => expect(exitCodeOf(batch({ state }))).toBe(code));

  it('is 2 for a batch that runs once a clip has failed', () => {
    expect(exitCodeOf(batch())).toBe(2);
    expect(exitCodeOf(batch({ clips: { ...counts, failed: 0 } }))).toBe(0);
  });
});
