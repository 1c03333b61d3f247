/** The bytes of one clip of a batch: an object, an entry of an archive (inflated as it is read), an import store's. */
import { Readable, pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { AppError } from '@timbre/shared/errors';
import { sourceOfItem } from '@timbre/shared/batch/batch-items';
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import type { BatchRecord } from '@timbre/shared/batch/batch-record';
import type { BatchItem, ClipRef } from '@timbre/shared/contracts/batch';
import { batchInflatedKey } from '@timbre/shared/storage/batch-keys';
import type { ImportStore } from '@timbre/shared/storage/import-store';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { partOf, type AudioContent, type ByteRange } from '../jobs/audio-content.js';

export interface BatchAudioDeps {
  store: ObjectStore;
  batches: BatchLedger;
  importStores: readonly ImportStore[];
  maxFileBytes: number;
}

type RangeRef = Extract<ClipRef, { kind: 'range' }>;

const notKept = (detail: string) => new AppError('not_kept', { detail });

/** @throws AppError `not_found`, `not_kept` */
export async function openBatchAudio(record: BatchRecord, index: number, deps: BatchAudioDeps): Promise<AudioContent> {
  const found = await sourceOfItem(record, index, deps);
  if (!found) throw new AppError('not_found');
  const { source } = record.spec;
  const root = source.kind === 'batch' ? await deps.batches.read(source.batchId) : record;
  if (!root || root.audioDeleted) throw notKept('the audio of the batch is deleted');
  return openItem(found.item, root, deps);
}

async function openItem(item: BatchItem, root: BatchRecord, deps: BatchAudioDeps): Promise<AudioContent> {
  const { store } = deps;
  const { ref } = item;
  switch (ref?.kind) {
    case 'object': {
      const object = await store.head(ref.key);
      if (!object) throw notKept('the audio of this clip is deleted');
      return { bytes: object.bytes, open: (range) => store.get(ref.key, { range }) };
    }
    case 'range':
      return openEntry(ref, item, root, store);
    case 'import': {
      const from = deps.importStores[ref.store];
      if (!from) throw notKept('the operator no longer offers the store it came from');
      const content = await from.readAll(ref.key, { maxBytes: deps.maxFileBytes });
      const part = ({ offset, length }: ByteRange) => content.subarray(offset, offset + length);
      return { bytes: content.length, open: (range) => Promise.resolve(Readable.from([part(range)])) };
    }
    case 'uri':
      throw notKept('the clip was read from its address and not stored');
    case undefined:
      throw notKept('the source has no such clip');
  }
}

function openEntry(ref: RangeRef, item: BatchItem, { spec }: BatchRecord, store: ObjectStore): AudioContent {
  const { source } = spec;
  const inflated = { key: batchInflatedKey(spec), bytes: Number.MAX_SAFE_INTEGER };
  const parts = ref.inflated ? [inflated] : source.kind === 'object' ? source.parts : [];
  const read = ({ offset, length }: ByteRange) =>
    Readable.from(chunksOf(store, parts, { offset: ref.offset + offset, length }), { objectMode: false });
  if (ref.method === 'store') return { bytes: ref.bytes, open: (range) => Promise.resolve(read(range)) };
  if (item.bytes === undefined) throw notKept('the length of the entry is not known');
  return {
    bytes: item.bytes,
    open(range) {
      const part = partOf(range);
      pipeline(read({ offset: 0, length: ref.bytes }), createInflateRaw(), part, () => undefined);
      return Promise.resolve(part);
    },
  };
}

/** A run of bytes over parts laid end to end. */
async function* chunksOf(
  store: ObjectStore,
  parts: readonly { key: string; bytes: number }[],
  { offset, length }: ByteRange,
): AsyncGenerator<Buffer> {
  let start = 0;
  for (const { key, bytes } of parts) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + bytes);
    if (to > from)
      yield* (await store.get(key, { range: { offset: from - start, length: to - from } })) as AsyncIterable<Buffer>;
    start += bytes;
  }
}
