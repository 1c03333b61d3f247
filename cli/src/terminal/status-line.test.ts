import { describe, expect, it } from 'vitest';
import { createStatusLine } from './status-line.js';

function open(isTerminal: boolean) {
  const written: string[] = [];
  let clock = 0;
  const line = createStatusLine({
    isTerminal,
    write: (text) => void written.push(text),
    report: (text) => void written.push(`${text}\n`),
    columns: () => 10,
    now: () => clock,
  });
  return { line, written, pass: (ms: number) => void (clock += ms) };
}

describe('a status line on a terminal', () => {
  it('is redrawn at most every 100 ms, cut to 9 of 10 columns, and gone at the end', () => {
    const { line, written, pass } = open(true);
    line.update('one');
    pass(99);
    line.update('two');
    pass(1);
    line.update('0123456789');
    line.finish();
    expect(written).toEqual(['\r\u001B[2Kone', '\r\u001B[2K01234567…', '\r\u001B[2K']);
  });
});

describe('a status line in a log', () => {
  it('is printed when it has changed and 5 s have passed, and once more at the end', () => {
    const { line, written, pass } = open(false);
    line.update('one');
    pass(5000);
    line.update('one');
    line.update('two');
    pass(10);
    line.update('a long line that is not cut');
    line.finish();
    expect(written).toEqual(['one\n', 'two\n', 'a long line that is not cut\n']);
  });

  it('says nothing at the end that it has said', () => {
    const { line, written } = open(false);
    line.update('one');
    line.finish();
    line.finish();
    expect(written).toEqual(['one\n']);
  });
});
