/**
 * Sends files by their content: hash, ask what the service lacks, send only that. Broken off at any point it costs nothing to
 * begin again, for what was stored is not missing any more. While one group is sent, the next is hashed.
 */
import { stat } from 'node:fs/promises';
import { TimbreApiError, type ClipCalls } from '@timbre/client';
import { openFile, sha256OfFile } from '@timbre/client/node/file-content';
import type { ClipFile } from '../demo/clip-files.js';
import { forEachLimited } from './limited.js';

export interface SentClip {
  file: ClipFile;
  sha256: string;
}

export interface LeftOut {
  path: string;
  code: string;
  detail: string;
}

export interface SendProgress {
  files: number;
  hashed: number;
  /** Stored by this run. */
  sent: { clips: number; bytes: number };
  /** The service had them already, or they are equal to another file here. */
  skipped: { clips: number; bytes: number };
}

export interface SendOptions {
  clips: ClipCalls;
  /** Files sent at the same time. */
  parallel: number;
  signal: AbortSignal;
  onProgress: (progress: SendProgress) => void;
}

export interface SendReport {
  /** In the order of the files. */
  clips: SentClip[];
  leftOut: LeftOut[];
  progress: SendProgress;
}

const GROUP = 500;
const HASHES_AT_ONCE = 4;
/** Refusals that every other file would meet too. */
const HOPELESS = /^(auth_|forbidden|quota_exceeded|rate_limited|conflict|not_found|http_|url_)/;

interface Known extends SentClip {
  modifiedMs: number;
}

/** @throws errors that are not one file's own; the signal's reason */
export async function sendClips(files: readonly ClipFile[], options: SendOptions): Promise<SendReport> {
  const state: SendState = {
    ...options,
    seen: new Set(),
    leftOut: [],
    progress: { files: files.length, hashed: 0, sent: { clips: 0, bytes: 0 }, skipped: { clips: 0, bytes: 0 } },
  };
  const clips: SentClip[] = [];
  let sending: Promise<Known[]> = Promise.resolve([]);
  for (let at = 0; at < files.length; at += GROUP) {
    const [hashed, sent] = await Promise.all([hashAll(files.slice(at, at + GROUP), state), sending]);
    clips.push(...sent.map(withoutTime));
    sending = sendGroup(hashed, state);
    // Its failure is thrown at the next await; until then nobody may call it unhandled.
    sending.catch(() => undefined);
  }
  clips.push(...(await sending).map(withoutTime));
  return { clips, leftOut: state.leftOut, progress: state.progress };
}

interface SendState extends SendOptions {
  /** Contents that were asked about. */
  seen: Set<string>;
  leftOut: LeftOut[];
  progress: SendProgress;
}

const withoutTime = ({ file, sha256 }: Known): SentClip => ({ file, sha256 });

async function hashAll(files: readonly ClipFile[], state: SendState): Promise<Known[]> {
  const { signal, progress, onProgress } = state;
  const found: (Known | undefined)[] = [];
  await forEachLimited(files, HASHES_AT_ONCE, async (file, index) => {
    signal.throwIfAborted();
    try {
      found[index] = await hashFile(file, signal);
    } catch (error) {
      signal.throwIfAborted();
      state.leftOut.push({ path: file.name, code: 'file_unreadable', detail: messageOf(error) });
    }
    progress.hashed += 1;
    onProgress(progress);
  });
  return found.filter((known) => known !== undefined);
}

async function hashFile(file: ClipFile, signal: AbortSignal): Promise<Known> {
  const { mtimeMs, size } = await stat(file.path);
  return { file: { ...file, bytes: size }, sha256: await sha256OfFile(file.path, signal), modifiedMs: mtimeMs };
}

/** @returns what the service has now */
async function sendGroup(group: readonly Known[], state: SendState): Promise<Known[]> {
  const { clips, parallel, signal, progress, seen, onProgress } = state;
  const fresh = new Map(group.filter(({ sha256 }) => !seen.has(sha256)).map((known) => [known.sha256, known]));
  for (const sha256 of fresh.keys()) seen.add(sha256);
  const missing = fresh.size === 0 ? [] : await clips.missing([...fresh.keys()], { signal });
  const toSend = missing.flatMap((sha256) => fresh.get(sha256) ?? []);
  const beingSent = new Set(toSend);
  for (const known of group)
    if (!beingSent.has(known)) {
      progress.skipped.clips += 1;
      progress.skipped.bytes += known.file.bytes;
    }
  onProgress(progress);
  const stored = new Map<Known, Known | undefined>();
  await forEachLimited(toSend, parallel, async (known) => {
    signal.throwIfAborted();
    const kept = await sendOne(known, state);
    stored.set(known, kept);
    if (!kept) return;
    progress.sent.clips += 1;
    progress.sent.bytes += kept.file.bytes;
    onProgress(progress);
  });
  const refused = new Set([...stored].flatMap(([known, kept]) => (kept ? [] : [known.sha256])));
  return group.flatMap((known) => stored.get(known) ?? (refused.has(known.sha256) ? [] : [known]));
}

/** @returns undefined for a file that the service refuses or that cannot be read any more */
async function sendOne(known: Known, { clips, signal, leftOut }: SendState): Promise<Known | undefined> {
  const { file } = known;
  try {
    const { mtimeMs, size } = await stat(file.path);
    // Whoever records into the folder may still be at it.
    const current = mtimeMs === known.modifiedMs && size === file.bytes ? known : await hashFile(file, signal);
    await clips.put(current.sha256, await openFile(file.path), { signal });
    return current;
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    leftOut.push({ path: file.name, ...refusal });
    return undefined;
  }
}

function refusalOf(error: unknown): Omit<LeftOut, 'path'> | undefined {
  if (error instanceof TimbreApiError)
    return error.status < 500 && !HOPELESS.test(error.code) ? { code: error.code, detail: error.message } : undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? { code: 'file_unreadable', detail: messageOf(error) } : undefined;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
