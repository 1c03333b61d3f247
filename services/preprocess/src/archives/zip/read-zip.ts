/**
 * Finds the clips of a zip: stored or deflated entries of the central directory, each read once, in the order of the
 * directory, and checked against what the directory says. Where each lies is kept, so that others read just those bytes.
 */
import type { ClipRef } from '@timbre/shared/contracts/batch';
import { AppError, isAppError } from '@timbre/shared/errors';
import type { ClipDigest } from '../clip-digest.js';
import { nestedArchive, readEntryName } from '../entry-name.js';
import { EventLoopPace } from '../event-loop-pace.js';
import type { FoundClip, FoundEntry, ReadOptions, Reader } from '../found-clip.js';
import { nestedArchiveKind } from '../nested-archive.js';
import { readMark, writeMark } from '../resume-mark.js';
import { SourceWindows } from '../source-windows.js';
import { readZipDirectory, type ZipEntry } from './zip-directory.js';
import { digestContent, openContent } from './zip-content.js';
import { forbiddenZipEntry, isZipFolder, locateContent, STORED, zipEntryName } from './zip-entry.js';
import { planZip } from './zip-plan.js';

/** Short deflated entries inflate in other threads, so many at a time, while the next are read. */
const ENTRIES_AHEAD = 4;

interface BegunEntry {
  clip: Promise<FoundClip>;
  /** The windows may go on to the next entry. */
  isRead: boolean;
}

type AwaitedEntry = Pick<BegunEntry, 'clip'> & Pick<FoundEntry, 'resume'>;

export const readZip: Reader = async function* (source, options) {
  const plan = await planZip(source, options);
  const windows = new SourceWindows(source, options.signal);
  const pace = new EventLoopPace();
  const ahead: AwaitedEntry[] = [];
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
    const begun = error ? settled({ path, error }) : await beginEntry(entry, path, { bound, windows, options });
    // Awaited when its turn comes; one that is never asked for may fail unseen.
    begun.clip.catch(() => undefined);
    ahead.push({ clip: begun.clip, resume: writeMark(index, sidecars) });
    yield* takeAll(ahead, begun.isRead ? ENTRIES_AHEAD : 0, pace);
  }
  yield* takeAll(ahead, 0, pace);
  if (plan.damage) throw plan.damage;
  return { sidecars };
};

interface EntryContext {
  bound: number;
  windows: SourceWindows;
  options: ReadOptions;
}

async function* takeAll(ahead: AwaitedEntry[], but: number, pace: EventLoopPace): AsyncGenerator<FoundEntry, void> {
  for (const { clip: found, resume } of ahead.splice(0, Math.max(0, ahead.length - but))) {
    const clip = await found;
    yield { clip, resume };
    await pace.spend(clip.bytes ?? 0);
  }
}

/** Resolves when the entry is being inflated or hashed, or is known to be bad. */
async function beginEntry(
  entry: ZipEntry,
  path: string,
  { bound, windows, options: { limits } }: EntryContext,
): Promise<BegunEntry> {
  const forbidden = forbiddenZipEntry(entry);
  if (forbidden) return settled({ path, error: forbidden });
  if (entry.uncompressedSize === 0) return settled({ path, bytes: 0, error: new AppError('audio_empty') });
  if (entry.uncompressedSize > limits.maxEntryBytes) {
    const details = { limit: limits.maxEntryBytes, observed: entry.uncompressedSize };
    return settled({ path, error: new AppError('archive_entry_too_large', { details }) });
  }
  try {
    const offset = await locateContent(entry, bound, windows);
    const content = await openContent(entry, offset, windows);
    const method = entry.compressionMethod === STORED ? 'store' : 'deflate';
    const ref = { kind: 'range', offset, bytes: entry.compressedSize, method } as const;
    const clip = digestContent(entry, content).then(
      (digest) => clipOf(path, ref, digest),
      (error: unknown) => failedClip(path, error),
    );
    return { clip, isRead: content.isRead };
  } catch (error) {
    return settled(failedClip(path, error));
  }
}

function clipOf(path: string, ref: ClipRef, digest: ClipDigest): FoundClip {
  const { bytes } = digest;
  if (nestedArchiveKind(digest.head) !== undefined) return { path, bytes, error: nestedArchive() };
  return { path, bytes, sha256: digest.sha256(), ref };
}

/** Faults of the entry are its own; all others are thrown. */
function failedClip(path: string, error: unknown): FoundClip {
  if (isAppError(error) && error.code.startsWith('archive_entry_')) return { path, error };
  throw error;
}

const settled = (clip: FoundClip): BegunEntry => ({ clip: Promise.resolve(clip), isRead: true });
