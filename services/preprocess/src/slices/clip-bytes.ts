/**
 * Gets the bytes of the clips of a slice. Clips that lie next to each other in the source come in one read; what has to be
 * inflated is. A clip that cannot be had fails alone; a store that does not answer fails the slice.
 */
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { AppError, isAppError } from '@timbre/shared/errors';
import { outages } from '@timbre/shared/queue/outages';
import type { BatchItem, ClipRef } from '@timbre/shared/contracts/batch';
import type { PublicFetch } from '@timbre/shared/net/public-fetch';
import type { ImportStore } from '@timbre/shared/storage/import-store';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { ByteSource } from '../archives/byte-source.js';

export type ClipBytes = { item: BatchItem; bytes: Uint8Array } | { item: BatchItem; error: AppError };

export interface ClipBytesDeps {
  store: ObjectStore;
  importStores: readonly ImportStore[];
  publicFetch: PublicFetch;
  maxFileBytes: number;
}

type RangeRef = Extract<ClipRef, { kind: 'range' }>;
type Ranged = BatchItem & { ref: RangeRef };

const inflate = promisify(inflateRaw) as (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;
/** Headers between neighbouring entries of an archive are read along rather than skipped. */
const gapBytes = 64 * 1024;
const groupBytes = 16 * 1024 * 1024;
const addressTries = 3;
/** Clips from elsewhere that are fetched ahead: one host that does not answer must not use up the time of its neighbours. */
const fetchedAhead = 8;

const isRanged = (item: BatchItem): item is Ranged => item.ref?.kind === 'range';

/** In the order of the items, except that clips of the source come before others. */
export async function* readClips(
  items: readonly BatchItem[],
  source: () => Promise<ByteSource>,
  deps: ClipBytesDeps,
  signal: AbortSignal,
): AsyncGenerator<ClipBytes> {
  for (const group of groupsOf(items.filter(isRanged))) yield* readGroup(group, await source(), deps.maxFileBytes);
  yield* readAhead(
    items.filter((item) => !isRanged(item)),
    (item) => {
      signal.throwIfAborted();
      return orError(item, () => readApart(item, deps, signal));
    },
  );
}

/** In order, a few at a time. */
async function* readAhead(
  items: readonly BatchItem[],
  read: (item: BatchItem) => Promise<ClipBytes>,
): AsyncGenerator<ClipBytes> {
  const reads: Promise<ClipBytes>[] = [];
  for (const item of items) {
    const started = read(item);
    // Awaited in its turn.
    started.catch(() => undefined);
    reads.push(started);
    const first = reads.length >= fetchedAhead ? reads.shift() : undefined;
    if (first) yield await first;
  }
  for (const each of reads) yield await each;
}

/** Runs of clips that one read covers. */
export function groupsOf(items: readonly Ranged[]): Ranged[][] {
  const groups: Ranged[][] = [];
  let end = -1;
  let start = 0;
  for (const item of [...items].sort((a, b) => a.ref.offset - b.ref.offset)) {
    const { offset, bytes } = item.ref;
    const last = groups.at(-1);
    if (last && offset - end <= gapBytes && offset + bytes - start <= groupBytes) last.push(item);
    else {
      groups.push([item]);
      start = offset;
    }
    end = Math.max(end, offset + bytes);
  }
  return groups;
}

async function* readGroup(
  group: readonly Ranged[],
  source: ByteSource,
  maxFileBytes: number,
): AsyncGenerator<ClipBytes> {
  const start = group[0]?.ref.offset ?? 0;
  const end = Math.max(...group.map(({ ref }) => ref.offset + ref.bytes));
  const bytes = await source.read(start, end - start);
  for (const item of group) {
    const { offset, bytes: length, method } = item.ref;
    const stored = bytes.subarray(offset - start, offset - start + length);
    yield await orError(item, async () => {
      if (stored.length !== length)
        throw new AppError('storage_corrupt', { detail: 'the source is shorter than it was' });
      return method === 'store' ? stored : inflateClip(stored, item.bytes ?? maxFileBytes);
    });
  }
}

async function inflateClip(stored: Uint8Array, maxOutputLength: number): Promise<Buffer> {
  try {
    return await inflate(stored, { maxOutputLength: Math.max(1, maxOutputLength) });
  } catch (cause) {
    throw new AppError('storage_corrupt', { detail: 'the entry does not inflate any more', cause });
  }
}

async function readApart(item: BatchItem, deps: ClipBytesDeps, signal: AbortSignal): Promise<Uint8Array> {
  const { ref } = item;
  const limits = { maxBytes: deps.maxFileBytes, signal };
  switch (ref?.kind) {
    case 'object':
      return deps.store.readAll(ref.key, limits);
    case 'import': {
      const from = deps.importStores[ref.store];
      if (!from) throw new AppError('object_missing', { detail: 'the operator no longer offers this store' });
      return from.readAll(ref.key, limits);
    }
    case 'uri':
      return fetchClip(ref.uri, deps, signal);
    case 'range':
    case undefined:
      throw new AppError('object_missing', { detail: 'the manifest does not say where the clip is' });
  }
}

/** An address that does not answer gets two more chances. */
async function fetchClip(
  uri: string,
  { publicFetch, maxFileBytes }: ClipBytesDeps,
  signal: AbortSignal,
): Promise<Buffer> {
  for (let tries = 1; ; tries++) {
    try {
      const { body } = await publicFetch.fetchStream(uri, signal);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        bytes += (chunk as Buffer).length;
        if (bytes > maxFileBytes) throw new AppError('url_too_large', { details: { limit: maxFileBytes } });
        chunks.push(chunk as Buffer);
      }
      return Buffer.concat(chunks);
    } catch (error) {
      signal.throwIfAborted();
      if (!isAppError(error) || error.code !== 'url_unreachable' || tries >= addressTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** tries * (0.5 + Math.random())));
    }
  }
}

async function orError(item: BatchItem, read: () => Promise<Uint8Array>): Promise<ClipBytes> {
  try {
    return { item, bytes: await read() };
  } catch (error) {
    if (!isAppError(error) || outages.has(error.code)) throw error;
    return { item, error };
  }
}
