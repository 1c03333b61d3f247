/**
 * The file driver: objects are plain files under one folder, so a laptop needs no server and a person can look at them.
 * Any number of processes may share the folder. It serves no URLs itself: signed URLs lead to the gateway.
 */
import { lstat, opendir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.js';
import { DEFAULT_DEADLINE, withinDeadline, type DeadlineRule } from './deadline.js';
import { createDriverStore, type StorageDriver, type SweepableObjectStore } from './driver-store.js';
import { errnoOf, toFileError } from './file-errors.js';
import { createFileLayout, type FileLayout } from './file-layout.js';
import { infoOf, walkObjects } from './file-listing.js';
import { openRange, readWhole } from './file-reader.js';
import { writeObject } from './file-writer.js';
import { systemClock, type Clock } from './retry.js';
import { requireSigningSecret, signUrl } from './signed-url.js';

export interface FileStoreOptions {
  /** Made when missing. */
  root: string;
  /** Both are needed for `presign`; without them it fails with `storage_misconfigured`. */
  signingSecret?: string | undefined;
  publicBaseUrl?: string | undefined;
  deadline?: DeadlineRule | undefined;
  clock?: Clock | undefined;
  /** Wall clock in milliseconds, for the expiry of URLs. */
  now?: (() => number) | undefined;
}

/** @throws AppError `storage_misconfigured` when the folder cannot be used or the secret is too short */
export function createFileStore(options: FileStoreOptions): SweepableObjectStore {
  const { deadline = DEFAULT_DEADLINE, clock = systemClock, signingSecret, publicBaseUrl, now = Date.now } = options;
  if (signingSecret !== undefined) requireSigningSecret(signingSecret);
  const layout = createFileLayout(options.root);
  const timed = <T>(work: Promise<T>) => withinDeadline(deadline.baseMs, work);

  const driver: StorageDriver = {
    kind: 'file',
    put: (key, content, putOptions) => writeObject(layout, deadline, { key, content, options: putOptions }),
    open: (key, getOptions) => openRange(layout, deadline, { key, ...getOptions }),
    readWhole: (key, { maxBytes }) => readWhole(layout, deadline, { key, maxBytes }),
    head: (key) => timed(headOf(layout, key)),
    list: (prefix, signal) => walkObjects({ layout, prefix, signal }),
    remove: (key) => timed(removeObject(layout, key).then(() => undefined)),
    removePrefix: (prefix) => removePrefix(layout, prefix),
    async presign(method, key, presignOptions) {
      if (signingSecret === undefined || publicBaseUrl === undefined)
        throw new AppError('storage_misconfigured', { detail: 'no secret or public address to sign URLs with' });
      return Promise.resolve(signUrl({ secret: signingSecret, publicBaseUrl, now }, method, key, presignOptions));
    },
    sweepTemporary: (olderThanMs) => sweepFolder(layout.temporary, olderThanMs),
    toError: toFileError,
    close: () => Promise.resolve(),
  };
  return createDriverStore(driver, clock);
}

async function headOf(layout: FileLayout, key: string) {
  return (await layout.isPlainFolder(dirname(layout.pathOf(key)))) ? infoOf(layout, key) : null;
}

const NOTHING_THERE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EPERM'];

/** @returns whether there was something to remove */
async function removeObject(layout: FileLayout, key: string): Promise<boolean> {
  const folder = dirname(layout.pathOf(key));
  if (!(await layout.isPlainFolder(folder))) return false;
  try {
    await unlink(layout.pathOf(key));
  } catch (error) {
    // A folder at the place of the key is no object; Linux answers EISDIR, macOS EPERM.
    if (NOTHING_THERE.includes(errnoOf(error) ?? '') && (await infoOf(layout, key)) === null) return false;
    throw error;
  }
  await layout.pruneFolder(folder);
  return true;
}

async function removePrefix(layout: FileLayout, prefix: string): Promise<number> {
  let removed = 0;
  for await (const { key } of walkObjects({ layout, prefix })) if (await removeObject(layout, key)) removed++;
  return removed;
}

async function sweepFolder(folder: string, olderThanMs: number): Promise<number> {
  const before = Date.now() - olderThanMs;
  let removed = 0;
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    try {
      const stats = await lstat(path);
      if (!stats.isFile() || stats.mtimeMs > before) continue;
      await unlink(path);
      removed++;
    } catch (error) {
      // Its put has just finished, or another process sweeps too.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  return removed;
}
