/**
 * Sends a folder of clips: hashes them, asks which the server does not have, sends those, and answers the manifest that names
 * all of them by content. Sending a folder again costs only what is new in it.
 */
import type { TimbreClient } from '@timbre/client';
import type { ManifestEntry } from '@timbre/shared/contracts/batch';
import type { NamedFile } from '../parts/dropped-files.js';
import HashWorker from './hash-worker.js?worker';
import type { HashAnswer } from './hash-worker.js';

export interface FolderProgress {
  phase: 'reading' | 'sending' | 'starting';
  done: number;
  total: number;
}

export interface SendFolder {
  files: readonly NamedFile[];
  onProgress: (progress: FolderProgress) => void;
  signal: AbortSignal;
}

const ASKED_AT_ONCE = 5000;
const SENT_AT_ONCE = 4;

/** Lines of JSON, one for each file that could be read. @throws TimbreApiError, or Error where pages may not hash */
export async function sendFolder(client: TimbreClient, folder: SendFolder): Promise<string> {
  const { files, onProgress, signal } = folder;
  const hashes = await hashAll(files, (done) => onProgress({ phase: 'reading', done, total: files.length }), signal);
  const byHash = new Map<string, NamedFile>();
  for (const [index, hash] of hashes.entries()) {
    const named = files[index];
    if (hash !== undefined && named && !byHash.has(hash)) byHash.set(hash, named);
  }
  const missing = await missingOf(client, [...byHash.keys()], signal);
  let sent = 0;
  onProgress({ phase: 'sending', done: 0, total: missing.length });
  await eachOf(missing, SENT_AT_ONCE, async (hash) => {
    const named = byHash.get(hash);
    if (named) await client.clips.put(hash, named.file, { signal });
    sent += 1;
    onProgress({ phase: 'sending', done: sent, total: missing.length });
  });
  onProgress({ phase: 'starting', done: files.length, total: files.length });
  return manifestOf(files, hashes);
}

export function manifestOf(files: readonly NamedFile[], hashes: readonly (string | undefined)[]): string {
  const lines = files.flatMap(({ file, path }, index) => {
    const sha256 = hashes[index];
    if (sha256 === undefined) return [];
    const entry: ManifestEntry = { sha256, path, bytes: file.size };
    return [`${JSON.stringify(entry)}\n`];
  });
  return lines.join('');
}

function hashAll(
  files: readonly NamedFile[],
  onDone: (done: number) => void,
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  if (!isSecureContext)
    return Promise.reject(
      new Error(
        'Browsers let only https pages and localhost work out checksums. Open the page by https, or send the folder as a zip.',
      ),
    );
  return new Promise((resolve, reject) => {
    const worker = new HashWorker();
    const hashes: (string | undefined)[] = [];
    const end = (): void => worker.terminate();
    signal.addEventListener('abort', () => {
      end();
      reject(new DOMException('stopped', 'AbortError'));
    });
    worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      hashes[data.index] = data.sha256;
      onDone(data.index + 1);
      if (data.index + 1 < files.length) return;
      end();
      resolve(hashes);
    };
    worker.onerror = ({ message }) => {
      end();
      reject(new Error(message));
    };
    worker.postMessage({ files: files.map(({ file }) => file) });
  });
}

async function missingOf(client: TimbreClient, hashes: string[], signal: AbortSignal): Promise<string[]> {
  const missing: string[] = [];
  for (let from = 0; from < hashes.length; from += ASKED_AT_ONCE)
    missing.push(...(await client.clips.missing(hashes.slice(from, from + ASKED_AT_ONCE), { signal })));
  return missing;
}

async function eachOf<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const run = async (): Promise<void> => {
    for (const item of waiting) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, run));
}
