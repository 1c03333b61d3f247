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
const UNREADABLE = 'file_unreadable';
/** Refusals that every other file would meet too. */
const HOPELESS = /^(auth_|forbidden|quota_exceeded|rate_limited|conflict|not_found|http_|url_)/;

interface Known extends SentClip {
  modifiedMs: number;
}

/** @throws errors that are not one file's own; the signal's reason */
export async function sendClips(files: readonly ClipFile[], options: SendOptions): Promise<SendReport> {
  const state: SendState = {
    ...options,
    asked: new Set(),
    refused: new Map(),
    replaced: new Map(),
    leftOut: [],
    progress: { files: files.length, hashed: 0, sent: { clips: 0, bytes: 0 }, skipped: { clips: 0, bytes: 0 } },
  };
  const all: Known[] = [];
  let sending: Promise<void> = Promise.resolve();
  for (let at = 0; at < files.length; at += GROUP) {
    const [hashed] = await Promise.all([hashAll(files.slice(at, at + GROUP), state), sending]);
    all.push(...hashed);
    sending = sendGroup(hashed, state);
    // Its failure is thrown at the next await; until then nobody may call it unhandled.
    sending.catch(() => undefined);
  }
  await sending;
  const { leftOut, progress } = state;
  return { clips: all.flatMap((known) => settle(known, state)), leftOut, progress };
}

interface SendState extends SendOptions {
  /** Contents that were asked about. */
  asked: Set<string>;
  /** Contents that the service does not take. */
  refused: Map<string, Refusal>;
  /** Files that were not any more what they had been when they were hashed: what they are now, or nothing. */
  replaced: Map<Known, Known | undefined>;
  leftOut: LeftOut[];
  progress: SendProgress;
}

type Refusal = Omit<LeftOut, 'path'>;

/** The clip as the service has it, or none. */
function settle(known: Known, { refused, replaced, leftOut }: SendState): SentClip[] {
  const now = replaced.has(known) ? replaced.get(known) : known;
  if (!now) return [];
  const refusal = refused.get(now.sha256);
  if (refusal) leftOut.push({ path: now.file.name, ...refusal });
  return refusal ? [] : [{ file: now.file, sha256: now.sha256 }];
}

async function hashAll(files: readonly ClipFile[], state: SendState): Promise<Known[]> {
  const { signal, progress, onProgress } = state;
  const found: (Known | undefined)[] = [];
  await forEachLimited(files, HASHES_AT_ONCE, async (file, index) => {
    signal.throwIfAborted();
    try {
      found[index] = await hashFile(file, signal);
    } catch (error) {
      signal.throwIfAborted();
      state.leftOut.push({ path: file.name, code: UNREADABLE, detail: messageOf(error) });
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

async function sendGroup(group: readonly Known[], state: SendState): Promise<void> {
  const { clips, parallel, signal, progress, asked, onProgress } = state;
  const byContent = new Map<string, Known[]>();
  for (const known of group) byContent.set(known.sha256, [...(byContent.get(known.sha256) ?? []), known]);
  const fresh = [...byContent.keys()].filter((sha256) => !asked.has(sha256));
  for (const sha256 of fresh) asked.add(sha256);
  const missing = fresh.length === 0 ? [] : await clips.missing(fresh, { signal });
  const first = new Set(missing.map((sha256) => byContent.get(sha256)?.[0]));
  for (const known of group)
    if (!first.has(known)) {
      progress.skipped.clips += 1;
      progress.skipped.bytes += known.file.bytes;
    }
  onProgress(progress);
  await forEachLimited(missing, parallel, async (sha256) => {
    for (const known of byContent.get(sha256) ?? []) {
      signal.throwIfAborted();
      if (await sendOne(known, state)) return;
    }
  });
}

/** @returns whether the content is settled; else another file that had it may be tried */
async function sendOne(known: Known, state: SendState): Promise<boolean> {
  const { clips, signal, progress, onProgress, replaced, refused } = state;
  let current = known;
  try {
    const { mtimeMs, size } = await stat(known.file.path);
    // Whoever records into the folder may still be at it.
    if (mtimeMs !== known.modifiedMs || size !== known.file.bytes) {
      current = await hashFile(known.file, signal);
      replaced.set(known, current);
    }
    await clips.put(current.sha256, await openFile(known.file.path), { signal });
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    if (refusal.code === UNREADABLE) {
      replaced.set(known, undefined);
      state.leftOut.push({ path: known.file.name, ...refusal });
      return false;
    }
    refused.set(current.sha256, refusal);
    return current.sha256 === known.sha256;
  }
  progress.sent.clips += 1;
  progress.sent.bytes += current.file.bytes;
  onProgress(progress);
  return current.sha256 === known.sha256;
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof TimbreApiError)
    return error.status < 500 && !HOPELESS.test(error.code) ? { code: error.code, detail: error.message } : undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? { code: UNREADABLE, detail: messageOf(error) } : undefined;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
