/**
 * Where the file driver keeps objects: `<root>/<key>`, temporary files in `<root>/.tmp`.
 *
 * Keys cannot spell a way out of the root (object-key.ts); links planted inside it could. So the folder of every key is
 * resolved before use and must be the very folder the key names, and files themselves are never opened through a link.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { lstat, mkdir, open, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.js';
import { errnoOf, toFileError } from './file-errors.js';

/** Folders remembered as safe on disk; then the memory starts anew, which only costs fsyncs. */
const MAX_REMEMBERED = 10_000;

export interface FileLayout {
  readonly root: string;
  readonly temporary: string;
  pathOf(key: string): string;
  /** False when the folder does not exist or is reached through a link. */
  isPlainFolder(folder: string): Promise<boolean>;
  /** Fails with ENOENT when a parent is pruned meanwhile: try again. */
  makeFolder(folder: string): Promise<void>;
  /** Makes a new entry of `folder`, and the folder itself, survive a power cut. */
  syncFolders(folder: string): Promise<void>;
  /** Removes the folder and those above it while they are empty; the root stays. */
  pruneFolder(folder: string): Promise<void>;
}

/** @throws AppError `storage_misconfigured` or `storage_full` when the root cannot be made */
export function createFileLayout(givenRoot: string): FileLayout {
  const root = makeRoot(givenRoot);
  const temporary = join(root, '.tmp');
  /** Folders whose entry in their parent is on disk. A folder made by a volatile put, or by another process, is not. */
  const synced = new Set([root]);

  const isPlainFolder = async (folder: string) => {
    try {
      return (await realpath(folder)) === folder;
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return false;
      throw error;
    }
  };

  // Level by level, because a recursive mkdir would follow a link in between and make folders outside.
  const makeFolder = async (folder: string): Promise<void> => {
    if (await isPlainFolder(folder)) return;
    if (folder !== root) await makeFolder(dirname(folder));
    try {
      await mkdir(folder);
      synced.delete(folder);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      // Another put made it meanwhile, or something else stands in its place.
      if ((await lstat(folder)).isSymbolicLink())
        throw new AppError('storage_misconfigured', { detail: 'a link lies inside the folder of the object store' });
    }
  };

  return {
    root,
    temporary,
    pathOf: (key) => join(root, key),
    isPlainFolder,
    makeFolder,
    async syncFolders(folder) {
      await syncFolder(folder);
      for (let each = folder; !synced.has(each); each = dirname(each)) {
        await syncFolder(dirname(each));
        if (synced.size >= MAX_REMEMBERED) synced.clear();
        synced.add(root).add(each);
      }
    },
    async pruneFolder(folder) {
      for (let each = folder; each !== root; each = dirname(each)) {
        try {
          await rmdir(each);
          synced.delete(each);
        } catch {
          // Not empty, or gone already: either way there is nothing left to prune above it.
          return;
        }
      }
    },
  };
}

function makeRoot(givenRoot: string): string {
  try {
    mkdirSync(join(givenRoot, '.tmp'), { recursive: true });
    return realpathSync(givenRoot);
  } catch (error) {
    const mapped = toFileError(error);
    if (mapped.code === 'storage_full') throw mapped;
    throw new AppError('storage_misconfigured', {
      detail: 'the folder of the object store cannot be used',
      cause: error,
    });
  }
}

/** File systems that cannot fsync a folder say EINVAL. A folder pruned meanwhile has no entry left to save. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOENT') throw error;
  }
}
