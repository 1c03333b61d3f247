/**
 * One line that tells how far things are: redrawn in place on a terminal, else printed anew now and then, so that a log is
 * neither silent nor flooded.
 */

export interface StatusLine {
  update(text: string): void;
  /** Removes the line from a terminal, so that results follow cleanly; elsewhere prints the last one if it was not. */
  finish(): void;
}

export interface StatusLineOptions {
  isTerminal: boolean;
  /** Raw text to the terminal. */
  write: (text: string) => void;
  /** Whole lines to a log. */
  report: (line: string) => void;
  /** Characters in a line of the terminal. */
  columns?: () => number;
  now?: () => number;
}

const REDRAW_MS = 100;
const LINE_EVERY_MS = 5000;
const CLEAR = '\r\u001B[2K';

export function createStatusLine(options: StatusLineOptions): StatusLine {
  const { isTerminal, write, report, columns = () => 80, now = () => performance.now() } = options;
  let shown: string | undefined;
  let latest: string | undefined;
  let shownAtMs = -Infinity;
  const show = (text: string): void => {
    if (isTerminal) write(`${CLEAR}${fit(text, columns() - 1)}`);
    else report(text);
    shown = text;
    shownAtMs = now();
  };
  return {
    update(text) {
      latest = text;
      if (text !== shown && now() - shownAtMs >= (isTerminal ? REDRAW_MS : LINE_EVERY_MS)) show(text);
    },
    finish() {
      if (isTerminal && shown !== undefined) write(CLEAR);
      else if (!isTerminal && latest !== undefined && latest !== shown) report(latest);
      shown = latest = undefined;
    },
  };
}

function fit(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** The status line of this process, on stderr. */
export function openStatusLine(report: (line: string) => void): StatusLine {
  return createStatusLine({
    isTerminal: process.stderr.isTTY,
    write: (text) => void process.stderr.write(text),
    report,
    // Some pseudo-terminals have no width.
    columns: () => process.stderr.columns || 80,
  });
}
