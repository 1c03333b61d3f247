/**
 * A folder that batches may be read from. Names are whatever people gave them; nothing outside the folder can be reached: no
 * part of a key may be `..`, and neither folders nor files are entered through links.
 */
import { constants } from 'node:fs';
import { lstat, open, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../errors.js';
import { tooLarge } from './content-check.js';
import { errnoOf, toFileError } from './file-errors.js';
import type { ImportStore } from './import-store.js';
import type { ObjectInfo } from './object-store.js';

export function createFileImportStore(root: string): ImportStore {
  const address = `${pathToFileURL(root).href.replace(/\/$/, '')}/`;
  return {
    // People write file:///a b/ and file:///a%20b/; the first is what they see elsewhere.
    address: decodeURI(address),
    list: (prefix, { signal } = {}) => walk(root, prefix, signal),
    async readAll(key, { maxBytes, signal }) {
      const path = await requireInside(root, key);
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
        throw errnoOf(error) === 'ENOENT' ? new AppError('object_missing', { cause: error }) : toFileError(error);
      });
      try {
        const { size } = await handle.stat();
        if (size > maxBytes) throw tooLarge(maxBytes, size);
        return await handle.readFile(signal ? { signal } : {});
      } finally {
        await handle.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

async function requireInside(root: string, key: string): Promise<string> {
  const segments = key.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..') || key.includes('\0'))
    throw new AppError('object_missing', { detail: 'not a file of the import folder' });
  const folder = join(root, ...segments.slice(0, -1));
  const [real, base] = await Promise.all([realpath(folder).catch(() => ''), realpath(root).catch(() => '')]);
  if (real === '' || real !== join(base, ...segments.slice(0, -1)))
    throw new AppError('object_missing', { detail: 'not a file of the import folder' });
  return join(real, segments.at(-1) ?? '');
}

/** Files whose key begins with `prefix`, in key order. */
async function* walk(root: string, prefix: string, signal: AbortSignal | undefined): AsyncGenerator<ObjectInfo, void> {
  if (prefix.split('/').some((segment) => segment === '..' || segment === '.')) return;
  const cut = prefix.lastIndexOf('/') + 1;
  yield* walkFolder(root, prefix.slice(0, cut), prefix.slice(cut), signal);
}

async function* walkFolder(
  root: string,
  folder: string,
  start: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void> {
  for (const name of await namesIn(root, folder, start)) {
    signal?.throwIfAborted();
    if (name.endsWith('/')) {
      yield* walkFolder(root, folder + name, '', signal);
      continue;
    }
    const stats = await lstat(join(root, folder, name)).catch(() => undefined);
    if (stats?.isFile()) yield { key: folder + name, bytes: stats.size, modifiedAt: stats.mtime };
  }
}

async function namesIn(root: string, folder: string, start: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(join(root, folder), { bufferSize: 512 })) {
      if (!entry.name.startsWith(start) || entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) names.push(`${entry.name}/`);
      else if (entry.isFile()) names.push(entry.name);
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw toFileError(error);
  }
  return names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
