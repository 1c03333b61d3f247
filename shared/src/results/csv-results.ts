/**
 * Comma-separated values after RFC 4180: a header, CRLF, UTF-8, quotes only where needed, an empty cell for nothing.
 *
 * Text that a spreadsheet would run as a formula gets a `'` in front (OWASP, CSV injection): paths and ids come from
 * strangers, and quotes do not stop Excel. Text that has such a `'` already gets another, so taking one `'` away wherever
 * what follows all leading `'` is one of those signs gives the text back. Numbers are ours and stay as they are.
 */
import type { ItemResult } from '../contracts/batch.js';
import { byteChunks } from './byte-chunks.js';
import { resultColumns, type Cell, type ResultContext } from './result-columns.js';

/** `=`, `+`, `-`, `@` (also full width), tab and line ends, behind any number of `'`. */
const startsFormula = /^'*[=+\-@＝＋－＠\t\r\n]/;
const needsQuotes = /[",\r\n]|^\s|\s$/;

export function csvResults(items: AsyncIterable<ItemResult>, context: ResultContext): AsyncGenerator<Buffer> {
  return byteChunks(records(items, context));
}

async function* records(items: AsyncIterable<ItemResult>, context: ResultContext): AsyncGenerator<string> {
  const columns = resultColumns(context);
  const mark = context.byteOrderMark === true ? '\uFEFF' : '';
  yield mark + recordOf(columns.map(({ name }) => name));
  for await (const item of items) yield recordOf(columns.map(({ cellOf }) => cellOf(item)));
}

function recordOf(cells: readonly Cell[]): string {
  return `${cells.map(fieldOf).join(',')}\r\n`;
}

function fieldOf(cell: Cell): string {
  if (cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== 'string') return String(cell);
  const safe = startsFormula.test(cell) ? `'${cell}` : cell;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
