/**
 * Walks the folder of the file driver in key order with bounded memory.
 *
 * Key order is the order of whole keys, so a folder sorts as its name with a slash: `a-b` < `a/b` < `a0`. A folder with
 * millions of entries is read several times, keeping only the next names in order each time, instead of once into memory.
 */
import { lstat, opendir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './file-errors.js';
import type { FileLayout } from './file-layout.js';
import { isObjectKey } from './object-key.js';
import type { ObjectInfo } from './object-store.js';

/** Names held at a time for one folder; about 6 MB. */
const DEFAULT_NAMES_IN_MEMORY = 50_000;

export interface Walk {
  layout: FileLayout;
  prefix: string;
  signal?: AbortSignal | undefined;
  namesInMemory?: number;
}

export async function* walkObjects(walk: Walk): AsyncGenerator<ObjectInfo, void> {
  const cut = walk.prefix.lastIndexOf('/') + 1;
  const folder = walk.prefix.slice(0, cut);
  if (folder !== '' && !(await walk.layout.isPlainFolder(dirname(walk.layout.pathOf(`${folder}x`))))) return;
  yield* walkFolder(walk, folder, walk.prefix.slice(cut));
}

/** @param folder key prefix that ends in a slash, or the empty one; `start`: what names in it must begin with */
async function* walkFolder(walk: Walk, folder: string, start: string): AsyncGenerator<ObjectInfo, void> {
  const held = walk.namesInMemory ?? DEFAULT_NAMES_IN_MEMORY;
  for (let after = ''; ;) {
    const { names, complete } = await nextNames(join(walk.layout.root, folder), { start, after, held });
    for (const name of names) {
      walk.signal?.throwIfAborted();
      if (name.endsWith('/')) yield* walkFolder(walk, folder + name, '');
      else {
        const info = await infoOf(walk.layout, folder + name);
        if (info !== null) yield info;
      }
    }
    const last = names.at(-1);
    if (complete || last === undefined) return;
    after = last;
  }
}

/** The first `held` names after `after` in order, folders with a slash; complete when no others follow. */
async function nextNames(
  path: string,
  { start, after, held }: { start: string; after: string; held: number },
): Promise<{ names: string[]; complete: boolean }> {
  let names: string[] = [];
  let complete = true;
  const keepFirst = () => {
    names.sort(byCodeUnit);
    complete &&= names.length <= held;
    names = names.slice(0, held);
  };
  try {
    // Folders may vanish while we walk: an emptied one is pruned. Links are neither file nor folder here.
    for await (const entry of await opendir(path, { bufferSize: 512 })) {
      if (!entry.name.startsWith(start) || entry.name.startsWith('.')) continue;
      const name = entry.isDirectory() ? `${entry.name}/` : entry.isFile() ? entry.name : '';
      if (name <= after) continue;
      names.push(name);
      if (names.length >= 2 * held) keepFirst();
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
  }
  keepFirst();
  return { names, complete };
}

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** `null` for what is no object of ours. The caller has made sure that the folder of the key is a plain one. */
export async function infoOf(layout: FileLayout, key: string): Promise<ObjectInfo | null> {
  if (!isObjectKey(key)) return null;
  try {
    const stats = await lstat(layout.pathOf(key));
    return stats.isFile() ? { key, bytes: stats.size, modifiedAt: stats.mtime } : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
