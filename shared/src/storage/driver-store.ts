/**
 * What every object store does the same way, over what differs by driver: key rules before anything else, patience with a
 * late object, verified whole reads, the self-check, and errors that are AppErrors. Drivers may trust their arguments.
 */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { requireObjectKey, requireObjectPrefix } from './object-key.js';
import type { GetOptions, ObjectInfo, ObjectStore, PresignOptions, PutOptions, StoredObject } from './object-store.js';
import { readVerified } from './read-verified.js';
import { retryMissing, type Clock } from './retry.js';
import { requireExpiry } from './signed-url.js';

export interface StorageDriver {
  readonly kind: ObjectStore['kind'];
  put(key: string, content: Readable | Uint8Array, options: PutOptions): Promise<StoredObject>;
  /** Retries of its own, but not for a missing object. */
  open(key: string, options: GetOptions): Promise<Readable>;
  readWhole(key: string, options: { maxBytes: number; signal?: AbortSignal | undefined }): Promise<Buffer>;
  head(key: string): Promise<ObjectInfo | null>;
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo>;
  remove(key: string): Promise<void>;
  removePrefix(prefix: string): Promise<number>;
  presign(method: 'GET' | 'PUT', key: string, options: PresignOptions): Promise<string>;
  sweepTemporary(olderThanMs: number): Promise<number>;
  /** Any thrown value as an AppError; AppErrors as they are. */
  toError(error: unknown): AppError;
  close(): Promise<void>;
}

/** An object store that also clears away what killed processes left half-written. */
export interface SweepableObjectStore extends ObjectStore {
  /** Removes unfinished uploads that nobody has touched for so long. @returns how many */
  sweepTemporary(olderThanMs: number): Promise<number>;
}

/** @returns a store whose calls fail with an AppError, or with the reason of the caller's own signal once that aborts */
export function createDriverStore(driver: StorageDriver, clock: Clock): SweepableObjectStore {
  const run = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw driver.toError(error);
    }
  };
  const withKey = <T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    run(() => {
      requireObjectKey(key);
      return work();
    }, signal);

  const store: SweepableObjectStore = {
    kind: driver.kind,
    put: (key, content, options = {}) => withKey(key, () => driver.put(key, content, options), options.signal),
    get: (key, options = {}) => {
      const { retryMissingMs: forMs, signal } = options;
      return withKey(key, () => retryMissing({ forMs, clock, signal }, () => driver.open(key, options)), signal);
    },
    readAll: (key, options = {}) => {
      const { maxBytes = Infinity, signal } = options;
      return withKey(
        key,
        () => readVerified(() => driver.readWhole(key, { maxBytes, signal }), options, clock),
        signal,
      );
    },
    head: (key) => withKey(key, () => driver.head(key)),
    async *list(prefix, { signal } = {}) {
      requireObjectPrefix(prefix);
      try {
        yield* driver.list(prefix, signal);
      } catch (error) {
        signal?.throwIfAborted();
        throw driver.toError(error);
      }
    },
    delete: (key) => withKey(key, () => driver.remove(key)),
    deletePrefix: (prefix) =>
      run(() => {
        requireDeletable(prefix);
        return driver.removePrefix(prefix);
      }),
    presign: (method, key, options) =>
      withKey(key, () => {
        requireExpiry(options);
        return driver.presign(method, key, options);
      }),
    check: (signal) => checkStore(store, signal),
    sweepTemporary: (olderThanMs) => run(() => driver.sweepTemporary(olderThanMs)),
    close: () => driver.close(),
  };
  return store;
}

/** An empty prefix would empty the store: nothing of ours ever means that. */
function requireDeletable(prefix: string): void {
  requireObjectPrefix(prefix);
  if (prefix === '') throw new AppError('internal', { detail: 'refusing to delete every object' });
}

async function checkStore(store: ObjectStore, signal?: AbortSignal): Promise<void> {
  const key = `check/${randomUUID()}`;
  const within = signal && { signal };
  const { sha256 } = await store.put(key, Buffer.from(key), { durability: 'volatile', ...within });
  try {
    await store.readAll(key, { expectedSha256: sha256, ...within });
  } finally {
    await store.delete(key);
  }
}
