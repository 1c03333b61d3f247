/**
 * Finds the clips of a zip: stored or deflated entries of the central directory, each read once, in the order of the
 * directory, and checked against what the directory says. Where each lies is kept, so that others read just those bytes.
 */
import { AppError, isAppError } from '@timbre/shared/errors';
import { nestedArchive, readEntryName } from '../entry-name.js';
import { EventLoopPace } from '../event-loop-pace.js';
import type { FoundClip, ReadOptions, Reader } from '../found-clip.js';
import { nestedArchiveKind } from '../nested-archive.js';
import { readMark, writeMark } from '../resume-mark.js';
import { SourceWindows } from '../source-windows.js';
import { readZipDirectory, type ZipEntry } from './zip-directory.js';
import { digestContent, forbiddenZipEntry, isZipFolder, locateContent, zipEntryName } from './zip-entry.js';
import { planZip } from './zip-plan.js';

export const readZip: Reader = async function* (source, options) {
  const plan = await planZip(source, options);
  const windows = new SourceWindows(source, options.signal);
  const pace = new EventLoopPace();
  const [skipped = 0, sidecarsBefore = 0] = readMark(options.resume, 2);
  let sidecars = sidecarsBefore;
  let index = 0;
  for await (const entry of readZipDirectory(source, options.signal)) {
    const bound = plan.bounds[index++];
    if (bound === undefined) break;
    await pace.spend(0);
    if (index <= skipped) continue;
    const { kind, path, error } = readEntryName(zipEntryName(entry), options.limits);
    if (kind === 'folder' || kind === 'junk' || (!error && isZipFolder(entry))) continue;
    if (kind === 'sidecar') {
      sidecars++;
      continue;
    }
    const clip = error ? { path, error } : await readEntry(entry, path, { bound, windows, options });
    yield { clip, resume: writeMark(index, sidecars) };
    await pace.spend(clip.bytes ?? 0);
  }
  if (plan.damage) throw plan.damage;
  return { sidecars };
};

interface EntryContext {
  bound: number;
  windows: SourceWindows;
  options: ReadOptions;
}

async function readEntry(
  entry: ZipEntry,
  path: string,
  { bound, windows, options: { limits } }: EntryContext,
): Promise<FoundClip> {
  const forbidden = forbiddenZipEntry(entry);
  if (forbidden) return { path, error: forbidden };
  if (entry.uncompressedSize === 0) return { path, bytes: 0, error: new AppError('audio_empty') };
  if (entry.uncompressedSize > limits.maxEntryBytes)
    return { path, error: new AppError('archive_entry_too_large', { details: { limit: limits.maxEntryBytes } }) };
  try {
    const offset = await locateContent(entry, bound, windows);
    const digest = await digestContent(entry, offset, windows);
    const { bytes } = digest;
    if (nestedArchiveKind(digest.head) !== undefined) return { path, bytes, error: nestedArchive() };
    const method = entry.compressionMethod === 0 ? 'store' : 'deflate';
    const ref = { kind: 'range', offset, bytes: entry.compressedSize, method } as const;
    return { path, bytes, sha256: digest.sha256(), ref };
  } catch (error) {
    if (isAppError(error) && error.code.startsWith('archive_entry_')) return { path, error };
    throw error;
  }
}
