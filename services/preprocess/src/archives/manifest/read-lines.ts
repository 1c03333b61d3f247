/** The lines of a text source with their places, in memory bounded by the longest line allowed. */
import { isUtf8 } from 'node:buffer';
import type { SourceWindows } from '../source-windows.js';

export interface Line {
  /** Without its line break (LF or CRLF) and without the byte order mark. */
  text: string;
  /** From 1. */
  number: number;
  /** Offset of the next line. */
  end: number;
  /** Why `text` is empty although the line is not. */
  problem?: string;
}

export const MAX_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = '\ufeff';

export interface LinePlace {
  offset: number;
  /** Lines before it. */
  lines: number;
}

export async function* readLines(windows: SourceWindows, from: LinePlace): AsyncGenerator<Line, void> {
  let { offset: end, lines } = from;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const takeLine = (): Line => {
    const line = lineOf(held, heldBytes, { number: ++lines, end });
    held = [];
    heldBytes = 0;
    return line;
  };
  const hold = (part: Buffer) => {
    heldBytes += part.length;
    end += part.length;
    if (heldBytes <= MAX_LINE_BYTES) held.push(part);
  };
  for await (const chunk of windows.chunks(from.offset, windows.source.bytes - from.offset)) {
    let at = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, at)) {
      hold(chunk.subarray(at, feed + 1));
      at = feed + 1;
      yield takeLine();
    }
    if (at < chunk.length) hold(chunk.subarray(at));
  }
  if (heldBytes > 0) yield takeLine();
}

function lineOf(parts: Buffer[], bytes: number, place: { number: number; end: number }): Line {
  if (bytes > MAX_LINE_BYTES) return { ...place, text: '', problem: 'The line is over 64 KiB.' };
  const [only = Buffer.alloc(0)] = parts;
  const raw = parts.length === 1 ? only : Buffer.concat(parts);
  if (!isUtf8(raw)) return { ...place, text: '', problem: 'The line is not UTF-8.' };
  const text = raw.toString('utf8').replace(/\r?\n$/, '');
  return { ...place, text: place.number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text };
}
