/** Results of clips as values. Pure. */
import type { AppError } from '../errors.js';
import type { BatchItem, ItemResult } from '../contracts/batch.js';
import { jobError } from '../queue/job-record.js';

type Named = Pick<BatchItem, 'index' | 'path' | 'id' | 'expected' | 'duplicateOf' | 'bytes' | 'sha256'>;

/** What every result says of its clip, whatever became of it. */
export function itemNames({ index, path, id, expected, duplicateOf }: Omit<Named, 'bytes' | 'sha256'>) {
  return {
    index,
    path,
    ...(id === undefined ? {} : { id }),
    ...(expected === undefined ? {} : { expected }),
    ...(duplicateOf === undefined ? {} : { duplicateOf }),
  };
}

export function failedItem(item: Named, error: AppError, nowMs: number): ItemResult {
  const clip = {
    ...(item.bytes === undefined ? {} : { bytes: item.bytes }),
    ...(item.sha256 === undefined ? {} : { sha256: item.sha256 }),
  };
  return { ...itemNames(item), state: 'failed', clip, error: jobError(error), finishedAtMs: nowMs };
}

/** The result of an equal clip, as the result of this one. */
export function copiedResult(
  item: Named,
  from: ItemResult,
  nowMs: number,
  reused?: { batchId: string; index: number },
): ItemResult {
  const {
    index: _index,
    path: _path,
    id: _id,
    expected: _expected,
    duplicateOf: _duplicate,
    reused: _reused,
    ...rest
  } = from;
  return { ...rest, ...itemNames(item), ...(reused ? { reused } : {}), finishedAtMs: nowMs };
}
