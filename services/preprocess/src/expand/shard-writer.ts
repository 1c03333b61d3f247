/**
 * Gathers found clips into manifest shards and cuts them into slices. A shard becomes part of the batch by one script of the
 * ledger, after its objects are stored; a reader that was overtaken learns it there and stops.
 */
import { randomBytes } from 'node:crypto';
import type { BatchLedger, ShardAddition } from '@timbre/shared/batch/batch-ledger';
import { writeSliceResults } from '@timbre/shared/batch/batch-objects';
import { countResults } from '@timbre/shared/batch/slice-counts';
import type { BatchItem, ItemResult } from '@timbre/shared/contracts/batch';
import type { Slice } from '@timbre/shared/contracts/pipeline';
import {
  manifestKey,
  shardHashesKey,
  shardIndexKey,
  shardItems,
  type BatchOwner,
} from '@timbre/shared/storage/batch-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { estimateSeconds } from './estimate-seconds.js';
import { hashBytes } from './hash-table.js';

/** A clip with the hash it can be found again by, where it has one. */
export interface ShardClip {
  item: BatchItem;
  hash: Buffer | undefined;
}

export interface SliceLimits {
  maxClips: number;
  maxSeconds: number;
}

export interface ShardWriterDeps {
  store: ObjectStore;
  batches: BatchLedger;
  limits: SliceLimits;
}

/** Numbers that go on where an earlier reader stopped. */
export interface ShardPosition {
  shard: number;
  slice: number;
}

const newToken = () => randomBytes(4).toString('hex');
const free = Buffer.alloc(hashBytes);

/** `false`: the batch takes no more from this reader. */
export async function writeShard(
  owner: BatchOwner,
  clips: readonly ShardClip[],
  at: ShardPosition & { resume: string },
  { store, batches, limits }: ShardWriterDeps,
): Promise<boolean> {
  const token = newToken();
  const lines = clips.map(({ item }) => Buffer.from(`${JSON.stringify(item)}\n`));
  const slices = cutSlices(clips, lines, at, limits);
  const hashes = Buffer.concat(clips.map(({ hash }) => hash ?? free));
  const addition: ShardAddition = {
    shard: at.shard,
    token,
    resume: at.resume,
    slices: slices.length,
    total: clips.length,
    msTotal: slices.reduce((sum, { audioMs }) => sum + audioMs, 0),
    todo: [],
    done: [],
    counts: {},
  };
  for (const slice of slices) {
    const items = clips.slice(slice.from - at.shard * shardItems, slice.from - at.shard * shardItems + slice.count);
    const results = items.flatMap(({ item }) => item.done ?? []);
    if (results.length < items.length) {
      addition.todo.push({ slice: slice.slice, ms: slice.audioMs, jobs: slice.count });
      continue;
    }
    const done = { slice: slice.slice, token: newToken(), failed: results.some(({ state }) => state === 'failed') };
    await writeSliceResults(store, owner, { ...done, results });
    addition.done.push(done);
    addCounts(addition.counts, results);
  }
  await Promise.all([
    store.put(manifestKey(owner, at.shard, token), Buffer.concat(lines)),
    store.put(shardIndexKey(owner, at.shard, token), Buffer.from(JSON.stringify({ v: 1, resume: at.resume, slices }))),
    store.put(shardHashesKey(owner, at.shard, token), hashes),
  ]);
  return (await batches.addShard(owner.id, addition)) === 'added';
}

function addCounts(counts: Record<string, number>, results: readonly ItemResult[]): void {
  for (const [field, amount] of Object.entries(countResults(results))) counts[field] = (counts[field] ?? 0) + amount;
}

/** Slices of one shard: full when they have their number of clips, or of seconds. */
export function cutSlices(
  clips: readonly ShardClip[],
  lines: readonly Buffer[],
  at: ShardPosition,
  { maxClips, maxSeconds }: SliceLimits,
): Slice[] {
  const slices: Slice[] = [];
  let open: Slice | undefined;
  let offset = 0;
  for (const [position, { item }] of clips.entries()) {
    const seconds = item.done?.clip.durationSeconds ?? estimateSeconds(item.path, item.bytes);
    const audioMs = Math.round(seconds * 1000);
    const bytes = lines[position]?.length ?? 0;
    if (open && open.count < maxClips && open.audioMs + audioMs <= maxSeconds * 1000) {
      open.count += 1;
      open.bytes += bytes;
      open.audioMs += audioMs;
    } else {
      open = {
        slice: at.slice + slices.length,
        shard: at.shard,
        from: at.shard * shardItems + position,
        count: 1,
        offset,
        bytes,
        audioMs,
      };
      slices.push(open);
    }
    offset += bytes;
  }
  return slices;
}
