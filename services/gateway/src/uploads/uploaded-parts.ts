/**
 * Finished uploads, whatever way they came: one object behind a signed URL, or the parts of a resumable upload that lie end to
 * end. Whoever uses an upload sees only its parts.
 */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { isAppError } from '@timbre/shared/errors';
import { uploadIdSchema } from '@timbre/shared/contracts/job';
import { incomingKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { parsePartKey, uploadInfoKey, uploadPrefix, type UploadOwner } from '@timbre/shared/storage/upload-keys';

export interface UploadPart {
  key: string;
  bytes: number;
}

export interface FinishedUpload {
  /** In order; laid end to end they are the file. At least one. */
  parts: UploadPart[];
  bytes: number;
  /** As the client named it, without folders. */
  fileName?: string;
}

/** What is fixed when a resumable upload is created. */
export const uploadInfoSchema = z.strictObject({
  v: z.literal(1),
  /** Bytes of the whole file. */
  length: z.int().nonnegative(),
  /** The header `Upload-Metadata` as it came. */
  metadata: z.string(),
  fileName: z.string().optional(),
});
export type UploadInfo = z.infer<typeof uploadInfoSchema>;

export interface UploadState {
  info: UploadInfo;
  /** Bytes received without a gap. */
  offset: number;
  /** The parts that make up these bytes. */
  parts: UploadPart[];
  /** Part objects in all; those that another writer left beside the chain included. */
  partObjects: number;
  lastChangeMs: number;
}

export async function readUpload(store: ObjectStore, owner: UploadOwner): Promise<UploadState | undefined> {
  const info = await readInfo(store, owner);
  if (!info) return undefined;
  const found: (UploadPart & { offset: number })[] = [];
  let lastChangeMs = 0;
  for await (const { key, bytes, modifiedAt } of store.list(uploadPrefix(owner))) {
    lastChangeMs = Math.max(lastChangeMs, modifiedAt.getTime());
    const offset = parsePartKey(key);
    if (offset !== undefined) found.push({ key, bytes, offset });
  }
  const parts = info.length === 0 ? found.slice(0, 1) : farthestChain(found);
  const offset = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    info,
    offset,
    parts: parts.map(({ key, bytes }) => ({ key, bytes })),
    partObjects: found.length,
    lastChangeMs,
  };
}

/** `undefined` when there is no such upload of the tenant, or it is not finished. */
export async function findUpload(
  store: ObjectStore,
  tenant: string,
  uploadId: string,
): Promise<FinishedUpload | undefined> {
  if (!uploadIdSchema.safeParse(uploadId).success) return undefined;
  const single = await store.head(incomingKey(tenant, uploadId));
  if (single) return { parts: [{ key: single.key, bytes: single.bytes }], bytes: single.bytes };
  const state = await readUpload(store, { tenant, id: uploadId });
  if (!state || state.offset < state.info.length || state.parts.length === 0) return undefined;
  const { fileName } = state.info;
  return { parts: state.parts, bytes: state.offset, ...(fileName === undefined ? {} : { fileName }) };
}

/** The bytes of an upload in one stream; each part is opened when the one before is read. */
export function readParts(store: ObjectStore, parts: readonly UploadPart[]): Readable {
  return Readable.from(chunksOf(store, parts), { objectMode: false });
}

async function* chunksOf(store: ObjectStore, parts: readonly UploadPart[]): AsyncGenerator<Buffer> {
  for (const { key } of parts) yield* (await store.get(key)) as AsyncIterable<Buffer>;
}

async function readInfo(store: ObjectStore, owner: UploadOwner): Promise<UploadInfo | undefined> {
  try {
    const text = await store.readAll(uploadInfoKey(owner), { maxBytes: 64 * 1024 });
    return uploadInfoSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (error) {
    if (isAppError(error) && error.code === 'object_missing') return undefined;
    throw error;
  }
}

/**
 * The parts from the first byte on that reach farthest without a gap. Usually all of them; where two writers were at it, each
 * may have left parts of its own, and no byte that one of them was told to be stored may be lost.
 */
export function farthestChain<P extends { offset: number; bytes: number }>(parts: readonly P[]): P[] {
  const best = new Map<number, { part: P; reach: number }>();
  for (const part of [...parts].sort((a, b) => b.offset - a.offset)) {
    if (part.bytes === 0) continue;
    const end = part.offset + part.bytes;
    const reach = best.get(end)?.reach ?? end;
    if (reach > (best.get(part.offset)?.reach ?? 0)) best.set(part.offset, { part, reach });
  }
  const chain: P[] = [];
  for (let next = best.get(0); next; next = best.get(next.part.offset + next.part.bytes)) chain.push(next.part);
  return chain;
}
