/**
 * What is settled about a zip before any content is read: how many entries there are, where each must have ended, and that
 * all of them together may be inflated.
 *
 * Memory: 16 bytes per entry, 4 more where the entries do not lie in the order of the directory.
 */
import { isAppError, type AppError } from '@timbre/shared/errors';
import { inflationAllowance, requireWithin } from '../archive-limits.js';
import type { ByteSource } from '../byte-source.js';
import { EventLoopPace } from '../event-loop-pace.js';
import type { ReadOptions } from '../found-clip.js';
import { readZipDirectory } from './zip-directory.js';

export interface ZipPlan {
  /** Entries that the directory lists before its end or its damage. */
  count: number;
  /**
   * For each entry the next local header behind its own, or the end of the source. An entry that reaches over it overlaps
   * another one. Entries within their bounds share no byte, so no byte of a zip is inflated twice.
   */
  bounds: Float64Array;
  damage?: AppError;
}

/** @throws AppError `archive_limit`; `archive_corrupt` when there is no directory at all */
export async function planZip(source: ByteSource, { limits, signal }: ReadOptions): Promise<ZipPlan> {
  const allowance = inflationAllowance(source.bytes, limits);
  const pace = new EventLoopPace();
  let starts = new Float64Array(1024);
  let count = 0;
  let inflated = 0;
  let damage: AppError | undefined;
  try {
    for await (const entry of readZipDirectory(source, signal)) {
      requireWithin('entries', count + 1, limits.maxEntries);
      // A clip over its own limit is never inflated.
      if (entry.uncompressedSize <= limits.maxEntryBytes) inflated += entry.uncompressedSize;
      requireWithin('inflatedBytes', inflated, allowance);
      if (count === starts.length) starts = grown(starts);
      starts[count++] = entry.relativeOffsetOfLocalHeader;
      await pace.spend(0);
    }
  } catch (error) {
    if (count === 0 || !isAppError(error) || error.code !== 'archive_corrupt') throw error;
    damage = error;
  }
  return { count, bounds: boundsOf(starts.subarray(0, count), source.bytes), ...(damage && { damage }) };
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}

function boundsOf(starts: Float64Array, end: number): Float64Array {
  if (starts.every((start, i) => i === 0 || start >= (starts[i - 1] ?? 0))) {
    const bounds = new Float64Array(starts.length).fill(end);
    bounds.set(starts.subarray(1));
    return bounds;
  }
  const order = new Uint32Array(starts.length).map((_, i) => i).sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
  const bounds = new Float64Array(starts.length).fill(end);
  for (let i = 1; i < order.length; i++) bounds[order[i - 1] ?? 0] = starts[order[i] ?? 0] ?? end;
  return bounds;
}
