/**
 * Clips that earlier batches of the tenant have results for, with the same model and features: found by content, so an
 * archive sent again runs only what is new, changed or failed.
 */
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import type { BatchSpec, ItemResult } from '@timbre/shared/contracts/batch';
import { shardHashesKey, shardItems, type BatchOwner } from '@timbre/shared/storage/batch-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { isAppError } from '@timbre/shared/errors';
import type { EarlierResults } from '../slices/earlier-results.js';
import { createHashTable, hashBytes } from './hash-table.js';

export interface KnownClip {
  result: ItemResult;
  from: { batchId: string; index: number };
}

export interface KnownClips {
  /** `hash`: 8 bytes; the caller compares what it knows of the clip with what it gets. */
  find(hash: Buffer): Promise<KnownClip | undefined>;
}

export interface KnownClipsDeps {
  store: ObjectStore;
  batches: BatchLedger;
  earlier: EarlierResults;
  /** Clips held in memory at most; newer batches first. */
  most: number;
}

/** Positions are batch times this plus index. */
const stride = 1e8;
const free = Buffer.alloc(hashBytes);

export async function loadKnownClips(
  spec: BatchSpec,
  { store, batches, earlier, most }: KnownClipsDeps,
): Promise<KnownClips> {
  const table = createHashTable();
  const owners: BatchOwner[] = [];
  for (const id of await batches.reusable(spec)) {
    const record = await batches.read(id);
    if (!record || table.size >= most) continue;
    const owner = { tenant: spec.tenant, id };
    const ordinal = owners.push(owner) - 1;
    for (let shard = 0; shard < record.shards && table.size < most; shard++) {
      const hashes = await readHashes(store, owner, shard, await batches.shardToken(id, shard));
      for (let at = 0; at * hashBytes < hashes.length; at++) {
        const hash = hashes.subarray(at * hashBytes, (at + 1) * hashBytes);
        if (!hash.equals(free)) table.add(hash, ordinal * stride + shard * shardItems + at);
      }
    }
  }
  return {
    async find(hash) {
      const position = table.get(hash);
      if (position === undefined) return undefined;
      const owner = owners[Math.floor(position / stride)];
      const index = position % stride;
      const result = owner && (await earlier.find(owner, index));
      return owner && result ? { result, from: { batchId: owner.id, index } } : undefined;
    },
  };
}

async function readHashes(
  store: ObjectStore,
  owner: BatchOwner,
  shard: number,
  token: string | undefined,
): Promise<Buffer> {
  if (token === undefined) return Buffer.alloc(0);
  try {
    return await store.readAll(shardHashesKey(owner, shard, token));
  } catch (error) {
    if (isAppError(error) && error.code === 'object_missing') return Buffer.alloc(0);
    throw error;
  }
}
