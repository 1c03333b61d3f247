/**
 * The records of a CSV (RFC 4180, cells may hold line breaks), so found that damage stays where it is: a quote that is never
 * closed costs its own line, where a parser over the whole text would take all that follows for one cell.
 */
import { parse } from 'csv-parse/sync';
import { MAX_LINE_BYTES, type Line } from './read-lines.js';

export interface CsvRecord {
  cells: string[];
  /** The line it begins on. */
  number: number;
  /** The line it ends on, and the offset behind that. */
  lastNumber: number;
  end: number;
  problem?: string;
}

/** @param named columns that mean something to us: a line break in one of their cells tells of a quote left open */
export async function* readCsvRecords(
  lines: AsyncIterable<Line>,
  header: { delimiter: string; named: number[] },
): AsyncGenerator<CsvRecord, void> {
  const assembly = new RecordAssembly(header.delimiter, header.named);
  for await (const line of lines) yield* assembly.add(line);
  yield* assembly.end();
}

class RecordAssembly {
  /** Lines from one with an opening quote on; empty between records. */
  #open: Line[] = [];
  #openCharacters = 0;

  constructor(
    readonly delimiter: string,
    readonly named: number[],
  ) {}

  *add(line: Line): Generator<CsvRecord, void> {
    const isOdd = line.text.split('"').length % 2 === 0;
    if (this.#open.length === 0 && (!isOdd || line.problem !== undefined)) {
      yield this.#record([line]) ?? invalid(line, 'Its quotes are not in order.');
      return;
    }
    this.#open.push(line);
    this.#openCharacters += line.text.length;
    if (line.problem !== undefined || this.#openCharacters > MAX_LINE_BYTES) yield* this.#giveUp();
    else if (isOdd && this.#open.length > 1) {
      const record = this.#record(this.#open);
      if (!record) yield* this.#giveUp();
      else {
        this.#reset();
        yield record;
      }
    }
  }

  *end(): Generator<CsvRecord, void> {
    while (this.#open.length > 0) yield* this.#giveUp();
  }

  /** The first line stands alone as an error; those behind it, which it had taken for its own, are looked at again. */
  *#giveUp(): Generator<CsvRecord, void> {
    const [first, ...others] = this.#open;
    this.#reset();
    if (first) yield invalid(first, first.problem ?? 'A quote is not closed.');
    for (const line of others) yield* this.add(line);
  }

  #reset(): void {
    this.#open = [];
    this.#openCharacters = 0;
  }

  #record(lines: Line[]): CsvRecord | undefined {
    const [first] = lines;
    const last = lines.at(-1);
    if (!first || !last) return undefined;
    if (first.problem !== undefined) return invalid(first, first.problem);
    const cells = cellsOf(lines.map(({ text }) => text).join('\n'), this.delimiter);
    if (!cells || this.named.some((column) => cells[column]?.includes('\n'))) return undefined;
    return { cells, number: first.number, lastNumber: last.number, end: last.end };
  }
}

/** `undefined` where quotes stand in wrong places. */
export function cellsOf(text: string, delimiter: string): string[] | undefined {
  // A parser for each record costs 20 µs: most have no quotes.
  if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
  try {
    const records = parse(text, { delimiter, trim: true, relax_column_count: true });
    return records.length === 1 ? records[0] : undefined;
  } catch {
    return undefined;
  }
}

function invalid(line: Line, problem: string): CsvRecord {
  return { cells: [], number: line.number, lastNumber: line.number, end: line.end, problem };
}
