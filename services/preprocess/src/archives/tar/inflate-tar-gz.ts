/** A gzipped tar as a plain one, with caps. A gzip has no places to enter it, so clips are only ever read from the tar. */
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isAppError, type AppError } from '@timbre/shared/errors';
import { chunkReadable } from '@timbre/shared/storage/chunk-readable';
import { corruptArchive } from '../archive-damage.js';
import { inflationAllowance, requireWithin, type ArchiveLimits } from '../archive-limits.js';
import type { ByteSource } from '../byte-source.js';
import { inflateChunks } from '../inflate-chunks.js';
import { SourceWindows } from '../source-windows.js';
import { isZlibError } from '../zlib-error.js';

export interface InflateOptions {
  limits: ArchiveLimits;
  signal: AbortSignal;
  /**
   * Told of damage and waited for, after which the stream ends as if whole: the tar then holds everything before the damage. Without it
   * damage is an error of the stream.
   */
  onDamage?: (damage: AppError) => void | Promise<void>;
}

/** The stream fails with `archive_limit`, or with `archive_corrupt` where there is no `onDamage`. */
export function inflateTarGz(source: ByteSource, options: InflateOptions): Readable {
  return chunkReadable(inflated(source, options), { release: () => undefined, signal: options.signal });
}

async function* inflated(
  source: ByteSource,
  { limits, signal, onDamage }: InflateOptions,
): AsyncGenerator<Buffer, void> {
  const allowance = inflationAllowance(source.bytes, limits);
  const windows = new SourceWindows(source, signal);
  let bytes = 0;
  try {
    for await (const chunk of inflateChunks(createGunzip(), windows.chunks(0, source.bytes))) {
      bytes += chunk.length;
      requireWithin('inflatedBytes', bytes, allowance);
      yield chunk;
    }
  } catch (error) {
    if (isAppError(error) || signal.aborted || !isZlibError(error)) throw error;
    const damage = corruptArchive('The gzip stream is damaged or cut.', 0, error);
    if (!onDamage) throw damage;
    await onDamage(damage);
  }
}
