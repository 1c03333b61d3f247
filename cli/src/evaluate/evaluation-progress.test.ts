import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEvaluationProgress, describeProgress } from './evaluation-progress.js';

afterEach(() => void vi.useRealTimers());

describe('describeProgress', () => {
  it.each([
    [{ done: 0, total: 9, failed: 0, seconds: 3 }, '0 of 9 clips'],
    [{ done: 100, total: 400, failed: 3, seconds: 10 }, '100 of 400 clips, 10.0/s, 30 s left, 3 failed'],
    [{ done: 10, total: 10_000, failed: 0, seconds: 10 }, '10 of 10000 clips, 1.0/s, 2.8 h left'],
    [{ done: 10, total: 1000, failed: 0, seconds: 10 }, '10 of 1000 clips, 1.0/s, 17 min left'],
    [{ done: 5, total: 5, failed: 0, seconds: 2 }, '5 of 5 clips, 2.5/s'],
  ])('writes %j as %s', (state, text) => {
    expect(describeProgress(state)).toBe(text);
  });
});

describe('createEvaluationProgress', () => {
  it('says a line every 5 s where there is no terminal, and one at the end', () => {
    vi.useFakeTimers();
    let nowMs = 0;
    const lines: string[] = [];
    const report = (line: string) => void lines.push(line);
    const progress = createEvaluationProgress({ total: 4, isTerminal: false, report, now: () => nowMs });
    progress.advance(false);
    nowMs = 5000;
    vi.advanceTimersByTime(5000);
    progress.advance(true);
    progress.finish();
    nowMs = 10_000;
    vi.advanceTimersByTime(5000);
    expect(lines).toEqual(['1 of 4 clips, 0.2/s, 15 s left', '2 of 4 clips, 0.4/s, 5 s left, 1 failed']);
  });
});
