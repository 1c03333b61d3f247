/** Progress with rate, time left and failures on stderr: a bar on a terminal, else a line every few seconds. */
import { Presets, SingleBar } from 'cli-progress';

export interface EvaluationProgress {
  advance(failed: boolean): void;
  /** Prints the last state and gives the line back. */
  finish(): void;
}

export interface ProgressOptions {
  total: number;
  isTerminal: boolean;
  report: (line: string) => void;
  now?: () => number;
}

const LINE_EVERY_MS = 5000;

export function createEvaluationProgress(options: ProgressOptions): EvaluationProgress {
  const { total, isTerminal, report, now = () => performance.now() } = options;
  const startedAtMs = now();
  let done = 0;
  let failed = 0;
  const describe = () => describeProgress({ done, total, failed, seconds: (now() - startedAtMs) / 1000 });
  const bar = isTerminal ? openBar(total) : undefined;
  const timer = bar ? undefined : setInterval(() => report(describe()), LINE_EVERY_MS);
  return {
    advance(hasFailed) {
      done += 1;
      if (hasFailed) failed += 1;
      bar?.update(done, { text: describe() });
    },
    finish() {
      clearInterval(timer);
      if (bar) bar.stop();
      else report(describe());
    },
  };
}

/** `412 of 2000 clips, 31.2/s, 51 s left, 3 failed` */
export function describeProgress(state: { done: number; total: number; failed: number; seconds: number }): string {
  const { done, total, failed, seconds } = state;
  const perSecond = done / Math.max(seconds, 1e-3);
  const parts = [`${done} of ${total} clips`];
  if (done > 0) parts.push(`${perSecond.toFixed(1)}/s`);
  if (done > 0 && done < total) parts.push(`${describeSeconds((total - done) / perSecond)} left`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(', ');
}

function describeSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function openBar(total: number): SingleBar {
  const options = { format: '{bar} {text}', stream: process.stderr, barsize: 30 };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(total, 0, { text: '' });
  return bar;
}
