/** Finds the clips of a tar, in its order; everything before a cut or a damaged header is found before the error. */
import { AppError } from '@timbre/shared/errors';
import { corruptArchive } from '../archive-damage.js';
import { requireWithin } from '../archive-limits.js';
import { ClipDigest } from '../clip-digest.js';
import { nestedArchive, readEntryName } from '../entry-name.js';
import { EventLoopPace } from '../event-loop-pace.js';
import type { FoundClip, Reader } from '../found-clip.js';
import { nestedArchiveKind } from '../nested-archive.js';
import { readMark, writeMark } from '../resume-mark.js';
import { SourceWindows } from '../source-windows.js';
import { readTarEntries, type TarEntry } from './tar-entries.js';

export const readTar: Reader = async function* (source, { limits, resume, signal }) {
  const windows = new SourceWindows(source, signal);
  const pace = new EventLoopPace();
  const [from = 0, before = 0, sidecarsBefore = 0] = readMark(resume, 3);
  let count = before;
  let sidecars = sidecarsBefore;
  for await (const entry of readTarEntries(windows, from, count)) {
    await pace.spend(0);
    requireWithin('entries', ++count, limits.maxEntries);
    const { kind, path, error } = readEntryName(entry.name, limits);
    const isPassedOver = entry.kind === 'folder' || entry.kind === 'label' || kind === 'folder' || kind === 'junk';
    if (!isPassedOver && kind === 'sidecar') sidecars++;
    else if (!isPassedOver) {
      const clip = error ? { path, error } : await readEntry(entry, path, { windows, maxBytes: limits.maxEntryBytes });
      yield { clip, resume: writeMark(entry.next, count, sidecars) };
      await pace.spend(clip.bytes ?? 0);
    }
    if (entry.offset + entry.size > source.bytes) throw corruptArchive('It ends within an entry.', count - 1);
  }
  return { sidecars };
};

interface EntryContext {
  windows: SourceWindows;
  maxBytes: number;
}

async function readEntry(entry: TarEntry, path: string, { windows, maxBytes }: EntryContext): Promise<FoundClip> {
  const { offset, size } = entry;
  if (entry.kind === 'forbidden') return { path, error: new AppError('archive_entry_type_forbidden') };
  if (offset + size > windows.source.bytes)
    return { path, error: new AppError('archive_entry_corrupt', { detail: 'The archive ends within this entry.' }) };
  if (size === 0) return { path, bytes: 0, error: new AppError('audio_empty') };
  if (size > maxBytes)
    return { path, error: new AppError('archive_entry_too_large', { details: { limit: maxBytes, observed: size } }) };
  const digest = new ClipDigest();
  for await (const chunk of windows.chunks(offset, size)) digest.update(chunk);
  if (nestedArchiveKind(digest.head) !== undefined) return { path, bytes: size, error: nestedArchive() };
  return { path, bytes: size, sha256: digest.sha256(), ref: { kind: 'range', offset, bytes: size, method: 'store' } };
}
