/** Progress on stderr: a bar on a terminal, else a line every few seconds (logs, CI). */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  advance(): void;
  /** Prints the last state and gives the line back. */
  finish(): void;
}

const LINE_EVERY_MS = 3000;

export interface ProgressOptions {
  total: number;
  isTerminal: boolean;
  report: (line: string) => void;
}

export function createProgress(options: ProgressOptions): Progress {
  return options.isTerminal ? createBar(options.total) : createLines(options);
}

function createBar(total: number): Progress {
  const bar = new SingleBar(
    { format: 'classifying {bar} {value}/{total} clips, {duration_formatted}', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { advance: () => bar.increment(), finish: () => bar.stop() };
}

function createLines({ total, report }: ProgressOptions): Progress {
  let done = 0;
  const say = () => report(`classified ${done} of ${total} clips`);
  const timer = setInterval(say, LINE_EVERY_MS);
  return {
    advance: () => void (done += 1),
    finish: () => {
      clearInterval(timer);
      say();
    },
  };
}
