/**
 * Finds the clips that a CSV names: a first line with the columns, in any order, then one clip a record. A record that is
 * not valid fails alone; empty lines are none, and columns we do not know are passed over.
 */
import { AppError } from '@timbre/shared/errors';
import { requireWithin } from '../archive-limits.js';
import type { ByteSource } from '../byte-source.js';
import { EventLoopPace } from '../event-loop-pace.js';
import type { FoundClip, ReadOptions, Reader } from '../found-clip.js';
import { readMark, writeMark } from '../resume-mark.js';
import { SourceWindows } from '../source-windows.js';
import { readCsvHeader, type CsvHeader } from './csv-header.js';
import { invalidLine, manifestClip } from './manifest-clip.js';
import { readCsvRecords, type CsvRecord } from './read-csv-records.js';
import { readLines } from './read-lines.js';

export const readCsvManifest: Reader = async function* (source, options) {
  const header = await requireHeader(source, options.signal);
  const [offset = 0, lines = 0, before = 0] = readMark(options.resume, 3);
  const place = offset > 0 ? { offset, lines } : header.place;
  const windows = new SourceWindows(source, options.signal);
  const pace = new EventLoopPace();
  let count = before;
  for await (const record of readCsvRecords(readLines(windows, place), header)) {
    await pace.spend(0);
    if (record.problem === undefined && record.cells.every((cell) => cell === '')) continue;
    requireWithin('entries', ++count, options.limits.maxEntries);
    const clip = clipOf(record, header.names, options);
    yield { clip, resume: writeMark(record.end, record.lastNumber, count) };
  }
  return { sidecars: 0 };
};

function clipOf({ cells, number, problem }: CsvRecord, names: string[], options: ReadOptions): FoundClip {
  if (problem !== undefined) return invalidLine(number, problem);
  return manifestClip(
    names.map((name, i): [string, unknown] => [name, cells[i]]),
    number,
    options,
  );
}

async function requireHeader(source: ByteSource, signal: AbortSignal) {
  for await (const line of readLines(new SourceWindows(source, signal), { offset: 0, lines: 0 })) {
    if (line.problem === undefined && line.text.trim() === '') continue;
    const header: CsvHeader | undefined = line.problem === undefined ? readCsvHeader(line.text) : undefined;
    if (!header) break;
    return { ...header, place: { offset: line.end, lines: line.number } };
  }
  throw new AppError('manifest_invalid');
}
