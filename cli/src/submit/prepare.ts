/** Brings what a person typed to the service, up to the call that makes the batch of it. */
import { createHash } from 'node:crypto';
import type { BatchContent, BatchOptions } from '@timbre/client';
import { CliError } from '../cli-error.js';
import { findClips, type ClipFile } from '../demo/clip-files.js';
import type { Session } from '../remote/session.js';
import { formatBytes } from '../terminal/quantities.js';
import { openStatusLine } from '../terminal/status-line.js';
import { derivedKey } from './batch-key.js';
import { describeSending, describeSent, describeUpload } from './describe-sending.js';
import { manifestLines, readNotes } from './manifest.js';
import { sendClips, type LeftOut, type SendProgress } from './send-clips.js';
import { RESUMABLE_ABOVE_BYTES, sendFile } from './send-file.js';
import type { SubmitSource } from './source-kind.js';
import { openUploadMemory, uploadMemoryPath } from './upload-memory.js';

export interface FolderFlags {
  expectedFromFolders?: boolean;
  ids?: string;
  parallel: number;
}

export interface Prepared {
  content: BatchContent;
  options: BatchOptions;
  /** Undefined where the same words may mean other clips tomorrow: a prefix, addresses. */
  derivedKey: string | undefined;
  leftOut: LeftOut[];
  sent: { clips?: number; bytes: number };
  skipped: { clips?: number; bytes: number };
}

/** @throws CliError, TimbreApiError; the session's reason at Ctrl-C, after saying what was kept */
export async function prepare(
  session: Session,
  source: SubmitSource,
  { options, flags }: { options: BatchOptions; flags: FolderFlags },
): Promise<Prepared> {
  const nothing = { leftOut: [], sent: { bytes: 0 }, skipped: { bytes: 0 } };
  switch (source.kind) {
    case 'prefix':
      return { content: { source: { prefix: source.prefix } }, options, derivedKey: undefined, ...nothing };
    case 'uris':
      return { content: { source: { uris: source.uris } }, options, derivedKey: undefined, ...nothing };
    case 'file':
      return prepareFile(session, source, options);
    case 'clips':
      return prepareClips(session, source, { options, flags });
  }
}

async function prepareFile(
  session: Session,
  source: Extract<SubmitSource, { kind: 'file' }>,
  given: BatchOptions,
): Promise<Prepared> {
  const { client, signal, report, url, environment } = session;
  const line = openStatusLine(report);
  const isManifest = source.format === 'jsonl' || source.format === 'csv';
  const options = { name: source.name, ...(isManifest ? { format: source.format } : {}), ...defined(given) };
  const large = source.bytes > RESUMABLE_ABOVE_BYTES;
  const beganAtMs = performance.now();
  let sentBytes = 0;
  let firstBytes: number | undefined;
  try {
    const { content, identity, resumedBytes } = await sendFile(source, {
      uploads: client.uploads,
      memory: openUploadMemory(uploadMemoryPath(environment)),
      url,
      signal,
      onProgress: (sent, total) => {
        sentBytes = sent;
        firstBytes ??= sent;
        line.update(describeUpload({ sent, total, fresh: sent - firstBytes, seconds: secondsSince(beganAtMs) }));
      },
    });
    line.finish();
    if (resumedBytes > 0) report(`${formatBytes(resumedBytes)} of ${source.name} were there already`);
    const sent = { bytes: source.bytes - resumedBytes };
    const key = derivedKey(identity, options);
    return { content, options, derivedKey: key, leftOut: [], sent, skipped: { bytes: resumedBytes } };
  } catch (error) {
    line.finish();
    if (signal.aborted && large)
      report(`${formatBytes(sentBytes)} of ${source.name} are there; the same command goes on from that.`);
    throw error;
  }
}

async function prepareClips(
  session: Session,
  source: Extract<SubmitSource, { kind: 'clips' }>,
  { options: given, flags }: { options: BatchOptions; flags: FolderFlags },
): Promise<Prepared> {
  const { client, signal, from } = session;
  const files = await filesOf(source.paths, from);
  const notes = flags.ids === undefined ? new Map() : await readNotes(flags.ids, from);
  const { clips, leftOut, progress } = await sendFolder(session, files, flags.parallel);
  if (clips.length === 0) throw new CliError(`no file could be sent; ${describeLeftOut(leftOut)}`);
  const lines = manifestLines(clips, { expectedFromFolders: flags.expectedFromFolders ?? false, notes });
  const body = new Blob(lines);
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  const options: BatchOptions = { name: source.name, ...defined(given), format: 'jsonl' };
  const identity = hash.digest('hex');
  const content: BatchContent =
    body.size <= RESUMABLE_ABOVE_BYTES
      ? { body }
      : { source: { uploadId: await client.uploads.send(body, { name: 'manifest.jsonl', signal }) } };
  const { sent, skipped } = progress;
  return { content, options, derivedKey: derivedKey(identity, options), leftOut, sent, skipped };
}

/** @throws CliError where there is no audio */
async function filesOf(paths: string[], from: string): Promise<ClipFile[]> {
  const perPath = await Promise.all(paths.map(async (path) => ({ path, files: await findClips([path], from) })));
  const files = perPath.flatMap(({ path, files: found }) =>
    // Files of several folders keep their folder's name, so that equal names stay apart.
    found.map((file) => (paths.length > 1 && file.name !== path ? { ...file, name: `${path}/${file.name}` } : file)),
  );
  if (files.length === 0) throw new CliError(`no audio files in ${paths.join(', ')}`);
  return files;
}

async function sendFolder(session: Session, files: ClipFile[], parallel: number) {
  const { client, signal, report } = session;
  const line = openStatusLine(report);
  const beganAtMs = performance.now();
  let last: SendProgress | undefined;
  try {
    const outcome = await sendClips(files, {
      clips: client.clips,
      parallel,
      signal,
      onProgress: (progress) => {
        last = progress;
        line.update(describeSending(progress, secondsSince(beganAtMs)));
      },
    });
    line.finish();
    report(describeSent(outcome.progress));
    for (const { path, code, detail } of outcome.leftOut.slice(0, 10))
      report(`  not sent: ${path}: ${code}: ${detail}`);
    if (outcome.leftOut.length > 10) report(`  and ${outcome.leftOut.length - 10} more that were not sent`);
    return outcome;
  } catch (error) {
    line.finish();
    if (signal.aborted)
      report(`stopped; ${last ? describeSent(last) : 'nothing sent'}. The same command sends only what is missing.`);
    throw error;
  }
}

const describeLeftOut = ([first]: LeftOut[]): string =>
  first === undefined ? 'there is none' : `${first.path}: ${first.code}: ${first.detail}`;

function defined(options: BatchOptions): BatchOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

const secondsSince = (beganAtMs: number): number => (performance.now() - beganAtMs) / 1000;
