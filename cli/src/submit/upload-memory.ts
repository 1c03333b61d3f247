/**
 * Remembers unfinished uploads between commands: which file went under which upload id to which system. A file is known by
 * its path, size and time of change, so a changed file begins anew.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { recordOf, parseJson } from '@timbre/client/api-error';

export interface UploadMemory {
  find(file: RememberedFile): Promise<string | undefined>;
  /** Undefined forgets. */
  keep(file: RememberedFile, uploadId: string | undefined): Promise<void>;
}

export interface RememberedFile {
  url: string;
  path: string;
  bytes: number;
  modifiedMs: number;
}

/** The service drops an upload that nothing was sent to for a day; one in a batch stays longer. */
const KEPT_MS = 7 * 86_400_000;

/** In the folder for caches: XDG_CACHE_HOME, else ~/.cache. */
export function uploadMemoryPath(environment: Record<string, string | undefined>): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'timbre', 'uploads.json');
}

export function openUploadMemory(path: string, now: () => number = Date.now): UploadMemory {
  const read = async (): Promise<Record<string, { uploadId: string; atMs: number }>> => {
    const text = await readFile(path, 'utf8').catch(() => '{}');
    const entries = Object.entries(recordOf(parseJson(text))).flatMap(([key, value]) => {
      const { uploadId, atMs } = recordOf(value);
      const valid = typeof uploadId === 'string' && typeof atMs === 'number' && now() - atMs < KEPT_MS;
      return valid ? [[key, { uploadId, atMs }] as const] : [];
    });
    return Object.fromEntries(entries);
  };
  return {
    async find(file) {
      return (await read())[keyOf(file)]?.uploadId;
    },
    async keep(file, uploadId) {
      const entries = await read();
      const others = Object.fromEntries(Object.entries(entries).filter(([key]) => key !== keyOf(file)));
      const all = uploadId === undefined ? others : { ...others, [keyOf(file)]: { uploadId, atMs: now() } };
      await mkdir(dirname(path), { recursive: true });
      // Replaced as a whole: another command may read it meanwhile.
      await writeFile(`${path}.${process.pid}`, JSON.stringify(all), { mode: 0o600 });
      await rename(`${path}.${process.pid}`, path);
    },
  };
}

const keyOf = ({ url, path, bytes, modifiedMs }: RememberedFile): string =>
  `${url} ${path} ${bytes} ${Math.round(modifiedMs)}`;
