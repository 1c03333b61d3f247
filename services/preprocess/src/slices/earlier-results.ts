/**
 * Results of clips by batch and index: of an earlier batch with the same clip, or of an equal clip further up. What was read
 * last is kept, because equal clips come in the order they came before.
 */
import { isAppError } from '@timbre/shared/errors';
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import { readShardIndex, readSliceResults } from '@timbre/shared/batch/batch-objects';
import type { ItemResult } from '@timbre/shared/contracts/batch';
import type { Slice } from '@timbre/shared/contracts/pipeline';
import { shardItems, type BatchOwner } from '@timbre/shared/storage/batch-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';

export interface EarlierResults {
  /** `undefined` where there is none (yet). */
  find(owner: BatchOwner, index: number): Promise<ItemResult | undefined>;
}

const shardsKept = 64;
const slicesKept = 128;

export function createEarlierResults(store: ObjectStore, batches: BatchLedger): EarlierResults {
  const shards = createRecent<Slice[]>(shardsKept);
  const results = createRecent<Map<number, ItemResult>>(slicesKept);

  const slicesOf = async (owner: BatchOwner, shard: number): Promise<Slice[]> => {
    const token = await batches.shardToken(owner.id, shard);
    if (token === undefined) return [];
    return shards.get(`${owner.id}/${token}`, async () => (await readShardIndex(store, owner, shard, token)).slices);
  };

  return {
    async find(owner, index) {
      try {
        const slices = await slicesOf(owner, Math.floor(index / shardItems));
        const slice = slices.find(({ from, count }) => index >= from && index < from + count)?.slice;
        const token = slice === undefined ? undefined : await batches.resultToken(owner.id, slice);
        if (slice === undefined || token === undefined) return undefined;
        const found = await results.get(`${owner.id}/${slice}/${token}`, async () => {
          const items = await readSliceResults(store, owner, slice, token);
          return new Map(items.map((item) => [item.index, item]));
        });
        return found.get(index);
      } catch (error) {
        // Its retention may be over.
        if (isAppError(error) && error.code === 'object_missing') return undefined;
        throw error;
      }
    },
  };
}

/** The values asked for last, by key. */
function createRecent<T>(most: number) {
  const kept = new Map<string, T>();
  return {
    async get(key: string, make: () => Promise<T>): Promise<T> {
      const value = kept.get(key) ?? (await make());
      kept.delete(key);
      kept.set(key, value);
      const oldest = kept.keys().next().value;
      if (kept.size > most && oldest !== undefined) kept.delete(oldest);
      return value;
    },
  };
}
