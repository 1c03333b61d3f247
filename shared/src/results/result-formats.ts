/** Every format results can be had in. */
import type { ItemResult } from '../contracts/batch.js';
import type { ResultFormat } from '../contracts/batch-results.js';
import { audacityResults } from './audacity-results.js';
import { csvResults } from './csv-results.js';
import { jsonlResults } from './jsonl-results.js';
import { parquetResults } from './parquet-results.js';
import { ravenResults } from './raven-results.js';
import type { ResultContext } from './result-columns.js';

export interface ResultFormatEntry {
  contentType: string;
  /** Ending of a file name, with its dot. */
  extension: string;
  /**
   * Takes clips only as fast as the chunks are read, and keeps no more than a chunk (Parquet: a row group). Ending the
   * reading early ends the source.
   */
  write: (items: AsyncIterable<ItemResult>, context: ResultContext) => AsyncGenerator<Buffer>;
}

export const resultFormats: Record<ResultFormat, ResultFormatEntry> = {
  jsonl: { contentType: 'application/x-ndjson; charset=utf-8', extension: '.jsonl', write: jsonlResults },
  csv: { contentType: 'text/csv; charset=utf-8; header=present', extension: '.csv', write: csvResults },
  parquet: { contentType: 'application/vnd.apache.parquet', extension: '.parquet', write: parquetResults },
  audacity: { contentType: 'application/gzip', extension: '.audacity.tar.gz', write: audacityResults },
  raven: { contentType: 'text/tab-separated-values; charset=utf-8', extension: '.selections.txt', write: ravenResults },
};
