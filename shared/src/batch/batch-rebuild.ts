/**
 * Rebuilds the records of batches from the object store when Redis came back empty: manifests say what there is, result
 * objects what is done. A batch that was alive goes on with what is left.
 */
import { toAppError } from '../errors.js';
import { batchSpecSchema, batchViewSchema, type BatchSpec, type ItemResult } from '../contracts/batch.js';
import type { Slice } from '../contracts/pipeline.js';
import type { Logger } from '../observability/logger.js';
import { outages } from '../queue/outages.js';
import { batchOutcomeKey, batchPrefix, batchSpecKey } from '../storage/batch-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { BatchLedger, ShardAddition } from './batch-ledger.js';
import { readShardIndex, readSliceResults } from './batch-objects.js';
import { countResults, type SliceCounts } from './slice-counts.js';

export interface BatchRebuildDeps {
  batches: BatchLedger;
  store: ObjectStore;
  log: Logger;
}

interface Stored {
  token: string;
  at: number;
}

interface BatchObjects {
  /** Of each manifest shard what was written of it, newest first: by whom it became part of the batch, and by readers overtaken. */
  shards: Map<number, Stored[]>;
  /** Of each slice its result objects, newest first. */
  results: Map<number, Stored[]>;
  ended: boolean;
}

/** As long as the tries of a webhook take: what is older was delivered or given up. */
const webhookMemoryMs = 4 * 86_400_000;

/** Batches rebuilt. */
export async function rebuildBatches({ batches, store, log }: BatchRebuildDeps): Promise<number> {
  let rebuilt = 0;
  for await (const { key } of store.list('batches/')) {
    const [, tenant, id] = /^batches\/([^/]+)\/(b[0-9a-f]{32})\/spec\.json$/.exec(key) ?? [];
    if (!tenant || !id) continue;
    try {
      const content = await store.readAll(batchSpecKey({ tenant, id }));
      await rebuildBatch(batchSpecSchema.parse(JSON.parse(content.toString('utf8'))), { batches, store, log });
      rebuilt += 1;
    } catch (error) {
      // Found empty next time again, Redis is filled with what is missing.
      if (outages.has(toAppError(error).code)) throw error;
      log.error({ err: error, batchId: id }, 'a batch could not be rebuilt');
    }
  }
  return rebuilt;
}

async function rebuildBatch(spec: BatchSpec, { batches, store }: BatchRebuildDeps): Promise<void> {
  const objects = await objectsOf(store, spec);
  // Everything is read before anything is written: a store that fails halfway leaves nothing half rebuilt.
  const additions: ShardAddition[] = [];
  let nextSlice = 0;
  for (let shard = 0; ; shard++) {
    const found = await findShard(store, spec, objects, { shard, nextSlice });
    if (!found) break;
    const addition = await additionOf(store, spec, objects, { shard, ...found });
    additions.push(addition);
    nextSlice += found.slices.length;
  }
  const outcome = objects.ended
    ? batchViewSchema.parse(JSON.parse((await store.readAll(batchOutcomeKey(spec))).toString('utf8')))
    : undefined;
  // Accepted in this very moment, or rebuilt before.
  if ((await batches.accept(spec, { maxLive: Number.MAX_SAFE_INTEGER })) === 'exists') return;
  if (!spec.preflight) await batches.offerResults(spec);
  for (const addition of additions) if ((await batches.addShard(spec.id, addition)) !== 'added') return;
  if (!outcome) return;
  const finishedAtMs = Date.parse(outcome.finishedAt ?? outcome.createdAt);
  await batches.restore(spec.id, {
    state: outcome.state,
    startedAtMs: outcome.startedAt === undefined ? undefined : Date.parse(outcome.startedAt),
    finishedAtMs,
    error: outcome.error,
    // Nobody knows any more whether it was delivered: rather twice, under the same id, than never.
    tell: Date.now() - finishedAtMs < webhookMemoryMs,
  });
}

interface FoundShard {
  token: string;
  slices: Slice[];
  resume: string;
}

/** The shard that goes on from `nextSlice`, and from which the one behind it goes on where there are several. */
async function findShard(
  store: ObjectStore,
  spec: BatchSpec,
  { shards }: BatchObjects,
  { shard, nextSlice }: { shard: number; nextSlice: number },
): Promise<FoundShard | undefined> {
  const read = (number: number, candidates: readonly Stored[]): Promise<FoundShard[]> =>
    Promise.all(
      candidates.map(async ({ token }) => ({ token, ...(await readShardIndex(store, spec, number, token)) })),
    );
  const own = await read(shard, shards.get(shard) ?? []);
  const fitting = own.filter(({ slices }) => slices[0]?.slice === nextSlice);
  if (fitting.length < 2) return fitting[0];
  const behind = new Set((await read(shard + 1, shards.get(shard + 1) ?? [])).map(({ slices }) => slices[0]?.slice));
  return fitting.find(({ slices }) => behind.has(nextSlice + slices.length)) ?? fitting[0];
}

async function additionOf(
  store: ObjectStore,
  spec: BatchSpec,
  { results, ended }: BatchObjects,
  { shard, token, slices, resume }: FoundShard & { shard: number },
): Promise<ShardAddition> {
  const counts: SliceCounts = {};
  const done: ShardAddition['done'] = [];
  for (const slice of slices) {
    const found = await resultsOf(store, spec, slice, results.get(slice.slice) ?? []);
    if (!found) continue;
    for (const [field, amount] of Object.entries(countResults(found.items)))
      counts[field] = (counts[field] ?? 0) + amount;
    done.push({ slice: slice.slice, token: found.token, failed: found.items.some(({ state }) => state === 'failed') });
  }
  const finished = new Set(done.map(({ slice }) => slice));
  const open = ended ? [] : slices.filter(({ slice }) => !finished.has(slice));
  return {
    shard,
    token,
    resume,
    slices: slices.length,
    total: slices.reduce((sum, { count }) => sum + count, 0),
    msTotal: slices.reduce((sum, { audioMs }) => sum + audioMs, 0),
    todo: open.map(({ slice, audioMs, count }) => ({ slice, ms: audioMs, jobs: count })),
    done,
    counts,
  };
}

/** The newest results that are of the clips of this slice: a reader that was overtaken may have cut slices otherwise. */
async function resultsOf(
  store: ObjectStore,
  spec: BatchSpec,
  { slice, from, count }: Slice,
  candidates: readonly Stored[],
): Promise<{ token: string; items: ItemResult[] } | undefined> {
  for (const { token } of candidates) {
    const items = await readSliceResults(store, spec, slice, token);
    if (items.length === count && items.every(({ index }, at) => index === from + at)) return { token, items };
  }
  return undefined;
}

async function objectsOf(store: ObjectStore, spec: BatchSpec): Promise<BatchObjects> {
  const objects: BatchObjects = { shards: new Map(), results: new Map(), ended: false };
  const prefix = batchPrefix(spec);
  for await (const { key, modifiedAt } of store.list(prefix)) {
    const name = key.slice(prefix.length);
    if (name === 'outcome.json') objects.ended = true;
    const [, kind, number, token] = /^(manifest|results)\/(\d+)-([a-z0-9]{8})\.jsonl?$/.exec(name) ?? [];
    if (!number || !token || (kind === 'manifest' && !name.endsWith('.json'))) continue;
    const known = kind === 'manifest' ? objects.shards : objects.results;
    const written = [...(known.get(Number(number)) ?? []), { token, at: modifiedAt.getTime() }];
    known.set(
      Number(number),
      written.sort((a, b) => b.at - a.at),
    );
  }
  return objects;
}
