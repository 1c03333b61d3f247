/** Finds the clips that a manifest of JSON lines names. A line that is not valid fails alone; empty lines are none. */
import { requireWithin } from '../archive-limits.js';
import { EventLoopPace } from '../event-loop-pace.js';
import type { FoundClip, ReadOptions, Reader } from '../found-clip.js';
import { readMark, writeMark } from '../resume-mark.js';
import { SourceWindows } from '../source-windows.js';
import { invalidLine, manifestClip } from './manifest-clip.js';
import { readLines, type Line } from './read-lines.js';

export const readJsonlManifest: Reader = async function* (source, options) {
  const [offset = 0, lines = 0, before = 0] = readMark(options.resume, 3);
  const windows = new SourceWindows(source, options.signal);
  const pace = new EventLoopPace();
  let count = before;
  for await (const line of readLines(windows, { offset, lines })) {
    await pace.spend(0);
    if (line.problem === undefined && line.text.trim() === '') continue;
    requireWithin('entries', ++count, options.limits.maxEntries);
    yield { clip: clipOf(line, options), resume: writeMark(line.end, line.number, count) };
  }
  return { sidecars: 0 };
};

function clipOf(line: Line, options: ReadOptions): FoundClip {
  if (line.problem !== undefined) return invalidLine(line.number, line.problem);
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    return invalidLine(line.number, 'It is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return invalidLine(line.number, 'It is not a JSON object.');
  return manifestClip(Object.entries(value), line.number, options);
}
