/** The content of a zip entry: inflated, hashed, and compared with what the directory says of it. */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { AppError } from '@timbre/shared/errors';
import { ClipDigest } from '../clip-digest.js';
import { inflateChunks } from '../inflate-chunks.js';
import type { SourceWindows } from '../source-windows.js';
import { isZlibError } from '../zlib-error.js';
import type { ZipEntry } from './zip-directory.js';
import { STORED } from './zip-entry.js';

const inflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);

/** Inflated in one call rather than as a stream, which costs five times as much for short clips. */
const AT_ONCE_BYTES = 1024 * 1024;

export interface ZipContent {
  chunks: AsyncIterable<Buffer>;
  /** The source has given all of it: the windows may go on to the next entry. */
  isRead: boolean;
}

export async function openContent(entry: ZipEntry, offset: number, windows: SourceWindows): Promise<ZipContent> {
  const { compressedSize, uncompressedSize } = entry;
  if (entry.compressionMethod === STORED) return { chunks: windows.chunks(offset, compressedSize), isRead: false };
  if (Math.max(compressedSize, uncompressedSize) > AT_ONCE_BYTES)
    return { chunks: inflateStream(windows.chunks(offset, compressedSize)), isRead: false };
  const bytes = await windows.bytes(offset, compressedSize);
  return { chunks: inflateAtOnce(bytes, uncompressedSize), isRead: true };
}

/** @throws AppError `archive_entry_mismatch`, `archive_entry_corrupt` */
export async function digestContent(entry: ZipEntry, { chunks }: ZipContent): Promise<ClipDigest> {
  const digest = new ClipDigest();
  for await (const chunk of chunks) {
    digest.update(chunk);
    if (digest.bytes > entry.uncompressedSize) throw tooLong();
  }
  if (digest.bytes < entry.uncompressedSize) throw mismatch('It is shorter than the archive says.');
  if (digest.crc32 !== entry.crc32) throw mismatch('Its checksum is wrong.');
  return digest;
}

async function* inflateStream(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* inflateChunks(zlib.createInflateRaw(), chunks);
  } catch (error) {
    throw isZlibError(error) ? corrupt(error) : error;
  }
}

async function* inflateAtOnce(bytes: Buffer, length: number): AsyncGenerator<Buffer, void> {
  try {
    // One byte of room beyond the declared length tells a longer content from one that fits.
    yield await inflateRaw(bytes, { chunkSize: Math.max(length + 1, 64), maxOutputLength: length + 1 });
  } catch (error) {
    throw error instanceof RangeError ? tooLong() : isZlibError(error) ? corrupt(error) : error;
  }
}

const corrupt = (cause: unknown) => new AppError('archive_entry_corrupt', { cause });
const mismatch = (detail: string) => new AppError('archive_entry_mismatch', { detail });
const tooLong = () => mismatch('It is longer than the archive says.');
