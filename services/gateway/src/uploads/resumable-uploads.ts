/**
 * Resumable uploads over the object store: create, look, append, remove. The objects are the only record, so any gateway can
 * go on with an upload that another one began.
 *
 * States: created → growing (one writer at a time; a newer request takes over) → finished, or expired 24 hours after its last
 * byte. Finished ones never change, and are deleted 24 hours after their last byte too.
 */
import { AppError } from '@timbre/shared/errors';
import type { ExclusiveLocks } from '@timbre/shared/queue/exclusive-locks';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { uploadInfoKey, uploadPartKey, uploadPrefix, type UploadOwner } from '@timbre/shared/storage/upload-keys';
import { appendParts, type Checksum } from './append-parts.js';
import { readUpload, type UploadInfo, type UploadState } from './uploaded-parts.js';

export interface UploadView {
  info: UploadInfo;
  offset: number;
  expiresAt: Date;
}

export interface AppendRequest {
  owner: UploadOwner;
  /** What the client believes to be stored. */
  offset: number;
  /** `Content-Length`; `undefined`: not told. */
  bytes: number | undefined;
  checksum: Checksum | undefined;
  /** The body; to be ended when the signal aborts. */
  open: (signal: AbortSignal) => AsyncIterable<Buffer>;
  onStored: (bytes: number) => void;
}

export interface ResumableUploads {
  create(owner: UploadOwner, info: UploadInfo): Promise<UploadView>;
  /** Ends the writer, so that the offset is what the next append has to name. @throws AppError `not_found`, `upload_expired`, `upload_locked` */
  look(owner: UploadOwner, signal: AbortSignal): Promise<UploadView>;
  /** @throws AppError also `upload_offset_mismatch`, `payload_too_large`, `too_many_parts`, `upload_checksum_mismatch` */
  append(request: AppendRequest, signal: AbortSignal): Promise<UploadView>;
  /** @throws AppError `not_found`, `upload_locked`; `conflict` when a batch is made of it */
  remove(owner: UploadOwner, signal: AbortSignal): Promise<void>;
}

export interface ResumableUploadsDeps {
  store: ObjectStore;
  locks: ExclusiveLocks;
  /** Whether a batch is made of the upload. */
  isKept: (owner: UploadOwner) => Promise<boolean>;
  now?: () => number;
}

const keepMs = 24 * 3_600_000;
/** 64 GiB in parts of 8 MiB, and as many more for interruptions. */
const maxPartObjects = 20_000;

export function createResumableUploads(deps: ResumableUploadsDeps): ResumableUploads {
  const { store, locks, now = Date.now } = deps;
  const viewAt = (info: UploadInfo, offset: number, changedMs: number): UploadView => ({
    info,
    offset,
    expiresAt: new Date(changedMs + keepMs),
  });

  const requireUpload = async (owner: UploadOwner): Promise<UploadState> => {
    const state = await readUpload(store, owner);
    if (!state) throw new AppError('not_found', { detail: 'there is no such upload' });
    if (state.offset < state.info.length && state.lastChangeMs + keepMs <= now()) throw new AppError('upload_expired');
    return state;
  };

  /** Runs `work` as the only one at the upload; its signal aborts when a newer request comes. */
  const alone = async <T>(
    { tenant, id }: UploadOwner,
    client: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const lock = await locks.acquire(`upload:${tenant}:${id}`, { signal: client });
    if (!lock) throw new AppError('upload_locked', { retryAfterSeconds: 2 });
    try {
      return await work(AbortSignal.any([client, lock.signal]));
    } catch (error) {
      if (client.aborted || !lock.signal.aborted) throw error;
      throw new AppError('upload_locked', { detail: 'a newer request has taken this upload over', cause: error });
    } finally {
      await lock.release();
    }
  };

  return {
    async create(owner, info) {
      await store.put(uploadInfoKey(owner), Buffer.from(JSON.stringify(info)), { contentType: 'application/json' });
      // An empty file is finished at once, and it too has a part.
      if (info.length === 0) await store.put(uploadPartKey(owner, 0, '00000000'), Buffer.alloc(0));
      return viewAt(info, 0, now());
    },

    look: (owner, client) =>
      alone(owner, client, async () => {
        const { info, offset, lastChangeMs } = await requireUpload(owner);
        return viewAt(info, offset, lastChangeMs);
      }),

    append: (request, client) =>
      alone(request.owner, client, async (signal) => {
        const { owner, offset, bytes = 0, checksum, onStored } = request;
        const state = await requireUpload(owner);
        if (offset !== state.offset)
          throw new AppError('upload_offset_mismatch', { details: { expected: state.offset, observed: offset } });
        const maxBytes = state.info.length - offset;
        if (bytes > maxBytes)
          throw new AppError('payload_too_large', { details: { limit: maxBytes, observed: bytes } });
        if (state.partObjects >= maxPartObjects)
          throw new AppError('too_many_parts', { details: { limit: maxPartObjects } });
        // A body whose connection is gone already would never end.
        signal.throwIfAborted();
        const stored = await appendParts(store, request.open(signal), { owner, offset, maxBytes, checksum, onStored });
        return viewAt(state.info, offset + stored, now());
      }),

    remove: (owner, client) =>
      alone(owner, client, async () => {
        if (!(await readUpload(store, owner))) throw new AppError('not_found', { detail: 'there is no such upload' });
        if (await deps.isKept(owner)) throw new AppError('conflict', { detail: 'a batch is made of this upload' });
        await store.deletePrefix(uploadPrefix(owner));
      }),
  };
}
