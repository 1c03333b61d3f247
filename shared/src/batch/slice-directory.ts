/** Which shard a slice lies in, and where. Shards are read once each; the slices of the last few stay in memory. */
import { AppError } from '../errors.js';
import type { BatchSpec } from '../contracts/batch.js';
import type { Slice, SliceTask, StageName } from '../contracts/pipeline.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { BatchLedger } from './batch-ledger.js';
import { readShardIndex } from './batch-objects.js';

export interface SliceDirectory {
  /** @throws AppError `object_missing` when the batch has no such slice */
  find(spec: BatchSpec, slice: number): Promise<Slice & { shardToken: string }>;
  forget(batchId: string): void;
}

interface KnownShards {
  /** First slice of each shard, by number. */
  firsts: number[];
  tokens: string[];
  /** Slices of shards read lately. */
  recent: Map<number, Slice[]>;
  /** Slices in the shards read so far. */
  covered: number;
}

const shardsKept = 8;
const batchesKept = 2000;

export function createSliceDirectory(store: ObjectStore, batches: BatchLedger): SliceDirectory {
  const known = new Map<string, KnownShards>();

  const load = async (spec: BatchSpec, shards: KnownShards, shard: number): Promise<Slice[]> => {
    const kept = shards.recent.get(shard);
    if (kept) return kept;
    const token = shards.tokens[shard] ?? (await batches.shardToken(spec.id, shard));
    if (token === undefined) throw new AppError('object_missing', { detail: 'the batch has no such slice' });
    const { slices } = await readShardIndex(store, { tenant: spec.tenant, id: spec.id }, shard, token);
    shards.tokens[shard] = token;
    shards.firsts[shard] = slices[0]?.slice ?? shards.covered;
    shards.covered = Math.max(shards.covered, (slices.at(-1)?.slice ?? -1) + 1);
    const oldest = shards.recent.keys().next().value;
    if (shards.recent.size >= shardsKept && oldest !== undefined) shards.recent.delete(oldest);
    shards.recent.set(shard, slices);
    return slices;
  };

  return {
    async find(spec, slice) {
      const shards = known.get(spec.id) ?? { firsts: [], tokens: [], recent: new Map(), covered: 0 };
      if (known.size > batchesKept) known.clear();
      known.set(spec.id, shards);
      while (slice >= shards.covered) await load(spec, shards, shards.firsts.length);
      const shard = shards.firsts.findLastIndex((first) => first <= slice);
      const found = (await load(spec, shards, shard)).find((each) => each.slice === slice);
      const shardToken = shards.tokens[shard];
      if (!found || shardToken === undefined)
        throw new AppError('object_missing', { detail: 'the batch has no such slice' });
      return { ...found, shardToken };
    },
    forget: (batchId) => void known.delete(batchId),
  };
}

/** A fault that no waiting mends: what the batch has left to do is not known any more. */
export const isManifestLost = ({ code }: AppError): boolean => code === 'object_missing' || code === 'storage_corrupt';

export function sliceTask(
  spec: BatchSpec,
  found: Slice & { shardToken: string },
  { stage, round, nowMs }: { stage: StageName; round: number; nowMs: number },
): SliceTask {
  return {
    v: 1,
    kind: 'slice',
    ...found,
    batchId: spec.id,
    tenant: spec.tenant,
    stage,
    round,
    traceparent: spec.traceparent,
    enqueuedAtMs: nowMs,
  };
}
