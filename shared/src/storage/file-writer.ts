/**
 * Writing one object to disk so that it is seen whole or not at all: temporary file, fsync, rename, fsync of the folders
 * that changed. A volatile put leaves out the fsyncs. Whatever fails, the temporary file is removed; what a killed process
 * leaves behind is removed by the sweep.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { createContentCheck, tooLarge } from './content-check.js';
import { deadlineFor, withinDeadline, type DeadlineRule } from './deadline.js';
import { errnoOf } from './file-errors.js';
import type { FileLayout } from './file-layout.js';
import type { PutOptions, StoredObject } from './object-store.js';
import { sourceChunks } from './source-chunks.js';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Deletes, here or in other processes, may prune the emptied folder between our mkdir and our rename, again and again. */
const PUBLISH_TRIES = 100;

export interface PutRequest {
  key: string;
  content: Readable | Uint8Array;
  options: PutOptions;
}

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export async function writeObject(
  layout: FileLayout,
  deadline: DeadlineRule,
  { key, content, options }: PutRequest,
): Promise<StoredObject> {
  options.signal?.throwIfAborted();
  const limit = options.maxBytes ?? Infinity;
  if (content instanceof Uint8Array && content.byteLength > limit) throw tooLarge(limit, content.byteLength);
  const chunks = content instanceof Uint8Array ? [content] : sourceChunks(content, options.signal);
  const temporary = join(layout.temporary, randomUUID());
  const durable = options.durability !== 'volatile';
  try {
    const written = await writeTemporary(await openTemporary(layout, temporary, deadline), {
      chunks,
      options,
      deadline,
    });
    options.signal?.throwIfAborted();
    await withinDeadline(deadline.baseMs, publish(layout, { temporary, path: layout.pathOf(key), durable }));
    return { key, ...written };
  } catch (error) {
    // Best effort: when the disk refuses this too, the sweep removes the file later and `error` is what matters.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function openTemporary(layout: FileLayout, path: string, { baseMs }: DeadlineRule): Promise<FileHandle> {
  const opened = () =>
    withinDeadline(baseMs, open(path, NEW_FILE, 0o640), (late) => void late.close().catch(() => undefined));
  try {
    return await opened();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await layout.makeFolder(layout.temporary);
    return await opened();
  }
}

async function writeTemporary(
  handle: FileHandle,
  { chunks, options, deadline }: { chunks: Chunks; options: PutOptions; deadline: DeadlineRule },
): Promise<{ bytes: number; sha256: string }> {
  const check = createContentCheck(options);
  try {
    for await (const chunk of chunks) {
      check.add(chunk);
      await withinDeadline(deadlineFor(deadline, chunk.byteLength), writeWhole(handle, chunk));
    }
    const written = check.finish();
    if (options.durability !== 'volatile') await withinDeadline(deadlineFor(deadline, written.bytes), handle.sync());
    return written;
  } finally {
    await withinDeadline(deadline.baseMs, handle.close());
  }
}

/** One write may take only part of the chunk, as it does on a disk that is nearly full. */
async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength;)
    written += (await handle.write(chunk, written, chunk.byteLength - written)).bytesWritten;
}

async function publish(
  layout: FileLayout,
  { temporary, path, durable }: { temporary: string; path: string; durable: boolean },
): Promise<void> {
  const folder = dirname(path);
  for (let tries = 1; ; tries++) {
    try {
      await layout.makeFolder(folder);
      await rename(temporary, path);
      break;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      if (tries >= PUBLISH_TRIES)
        throw new AppError('dependency_unavailable', { detail: 'the object vanished before it was published' });
    }
  }
  if (durable) await layout.syncFolders(folder);
}
