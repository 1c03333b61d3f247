/** The objects of a batch read and written as what they are: manifest shards, slices of them, results. */
import { AppError } from '../errors.js';
import { batchItemSchema, type BatchItem, type ItemResult } from '../contracts/batch.js';
import { shardIndexSchema, type Slice } from '../contracts/pipeline.js';
import { manifestKey, shardIndexKey, sliceResultKey, type BatchOwner } from '../storage/batch-keys.js';
import type { ObjectStore } from '../storage/object-store.js';

/** A stored object may show late on some stores. */
const lateObjectMs = 10_000;

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** The clips of one slice. @throws AppError `object_missing`, `storage_corrupt` */
export async function readSliceItems(
  store: ObjectStore,
  owner: BatchOwner,
  {
    shard,
    shardToken,
    offset,
    bytes,
    count,
  }: Pick<Slice, 'shard' | 'offset' | 'bytes' | 'count'> & { shardToken: string },
): Promise<BatchItem[]> {
  const key = manifestKey(owner, shard, shardToken);
  const chunks: Buffer[] = [];
  const stream = await store.get(key, { range: { offset, length: bytes }, retryMissingMs: lateObjectMs });
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  try {
    const items = lines(Buffer.concat(chunks).toString('utf8')).map((line) => batchItemSchema.parse(JSON.parse(line)));
    if (items.length === count) return items;
  } catch (cause) {
    throw new AppError('storage_corrupt', { detail: 'a manifest shard cannot be read', cause });
  }
  throw new AppError('storage_corrupt', { detail: 'a manifest shard lacks clips' });
}

/** All clips of a shard. */
export async function readShardItems(
  store: ObjectStore,
  owner: BatchOwner,
  shard: number,
  token: string,
): Promise<BatchItem[]> {
  const content = await store.readAll(manifestKey(owner, shard, token), { retryMissingMs: lateObjectMs });
  return lines(content.toString('utf8')).map((line) => JSON.parse(line) as BatchItem);
}

export async function readShardIndex(
  store: ObjectStore,
  owner: BatchOwner,
  shard: number,
  token: string,
): Promise<{ resume: string; slices: Slice[] }> {
  const content = await store.readAll(shardIndexKey(owner, shard, token), { retryMissingMs: lateObjectMs });
  return shardIndexSchema.parse(JSON.parse(content.toString('utf8')));
}

export async function writeSliceResults(
  store: ObjectStore,
  owner: BatchOwner,
  { slice, token, results }: { slice: number; token: string; results: readonly ItemResult[] },
): Promise<void> {
  const content = Buffer.from(results.map((item) => `${JSON.stringify(item)}\n`).join(''));
  await store.put(sliceResultKey(owner, slice, token), content, { contentType: 'application/x-ndjson' });
}

/** Results of a slice in the order of its clips. Only our own code writes them; checking them again would double the cost. */
export async function readSliceResults(
  store: ObjectStore,
  owner: BatchOwner,
  slice: number,
  token: string,
): Promise<ItemResult[]> {
  const content = await store.readAll(sliceResultKey(owner, slice, token), { retryMissingMs: lateObjectMs });
  return lines(content.toString('utf8')).map((line) => JSON.parse(line) as ItemResult);
}
