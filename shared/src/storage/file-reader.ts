/** Reading one object from disk: ranges as a stream, or the whole into memory. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { chunkReadable } from './chunk-readable.js';
import { tooLarge } from './content-check.js';
import { deadlineFor, withinDeadline, type DeadlineRule } from './deadline.js';
import { errnoOf, toFileError } from './file-errors.js';
import type { FileLayout } from './file-layout.js';
import type { GetOptions } from './object-store.js';

// Without O_NONBLOCK a FIFO planted in the folder would hold a thread of the pool for ever.
const READ_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK_BYTES = 128 * 1024;
/** Shared file systems fail over: an I/O error is worth a second look. */
const READ_TRIES = 2;

const release = (handle: FileHandle) => void handle.close().catch(() => undefined);

/** @throws AppError `object_missing`, also for anything that is no plain file of ours */
async function openObject(layout: FileLayout, key: string): Promise<{ handle: FileHandle; bytes: number }> {
  const path = layout.pathOf(key);
  if (!(await layout.isPlainFolder(dirname(path)))) throw new AppError('object_missing');
  const handle = await openPlain(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new AppError('object_missing');
    return { handle, bytes: stats.size };
  } catch (error) {
    release(handle);
    throw error;
  }
}

async function openPlain(path: string): Promise<FileHandle> {
  try {
    return await open(path, READ_FILE);
  } catch (cause) {
    // ELOOP: the file is a link. ENXIO: a socket or a FIFO.
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes(errnoOf(cause) ?? '')) throw new AppError('object_missing', { cause });
    throw cause;
  }
}

export async function openRange(
  layout: FileLayout,
  deadline: DeadlineRule,
  { key, range, signal }: { key: string } & GetOptions,
): Promise<Readable> {
  const { handle, bytes } = await withinDeadline(deadline.baseMs, openObject(layout, key), (late) =>
    release(late.handle),
  );
  const from = range?.offset ?? 0;
  const to = Math.min(bytes, from + (range?.length ?? bytes));
  return chunkReadable(readChunks(handle, deadline, { from, to }), { release: () => release(handle), signal });
}

async function* readChunks(
  handle: FileHandle,
  deadline: DeadlineRule,
  { from, to }: { from: number; to: number },
): AsyncGenerator<Buffer, void> {
  try {
    for (let at = from; at < to;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - at));
      const { bytesRead } = await withinDeadline(deadline.baseMs, handle.read(chunk, 0, chunk.length, at));
      if (bytesRead === 0) throw shrunk();
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  } catch (error) {
    throw toFileError(error);
  }
}

export async function readWhole(
  layout: FileLayout,
  deadline: DeadlineRule,
  { key, maxBytes }: { key: string; maxBytes: number },
): Promise<Buffer> {
  for (let tries = 1; ; tries++) {
    try {
      return await readOnce(layout, deadline, { key, maxBytes });
    } catch (error) {
      if (tries >= READ_TRIES || errnoOf(error) !== 'EIO') throw error;
    }
  }
}

async function readOnce(
  layout: FileLayout,
  deadline: DeadlineRule,
  { key, maxBytes }: { key: string; maxBytes: number },
): Promise<Buffer> {
  const { handle, bytes } = await withinDeadline(deadline.baseMs, openObject(layout, key), (late) =>
    release(late.handle),
  );
  try {
    if (bytes > maxBytes) throw tooLarge(maxBytes, bytes);
    const content = Buffer.allocUnsafeSlow(bytes);
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await withinDeadline(
        deadlineFor(deadline, bytes),
        handle.read(content, at, bytes - at, at),
      );
      if (bytesRead === 0) throw shrunk();
      at += bytesRead;
    }
    return content;
  } finally {
    release(handle);
  }
}

/** Published files never change: one that ends before its size was cut by somebody else. */
const shrunk = () => new AppError('storage_corrupt', { detail: 'the stored file is shorter than it was' });
