/** The first line of a CSV manifest: which column is what. */
import { manifestField } from './manifest-clip.js';
import { cellsOf } from './read-csv-records.js';

export interface CsvHeader {
  delimiter: string;
  names: string[];
  /** Places of the columns that mean something to us. */
  named: number[];
}

/** Comma, or what spreadsheets write in countries with a decimal comma, or tab. */
const DELIMITERS = [',', ';', '\t'];

/** `undefined` when no column says where the clips are. */
export function readCsvHeader(line: string): CsvHeader | undefined {
  for (const delimiter of DELIMITERS) {
    const names = cellsOf(line, delimiter) ?? [];
    const fields = names.map(manifestField);
    if (!fields.some((field) => field === 'uri' || field === 'sha256')) continue;
    return { delimiter, names, named: fields.flatMap((field, i) => (field ? [i] : [])) };
  }
  return undefined;
}
