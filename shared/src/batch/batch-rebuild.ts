/**
 * Rebuilds the records of batches from the object store when Redis came back empty: manifests say what there is, result
 * objects what is done. A batch that was alive goes on with what is left.
 */
import { batchSpecSchema, batchViewSchema, type BatchSpec } from '../contracts/batch.js';
import type { Logger } from '../observability/logger.js';
import { batchOutcomeKey, batchPrefix, batchSpecKey } from '../storage/batch-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { BatchLedger } from './batch-ledger.js';
import { readShardIndex, readSliceResults } from './batch-objects.js';
import { countResults, type SliceCounts } from './slice-counts.js';

export interface BatchRebuildDeps {
  batches: BatchLedger;
  store: ObjectStore;
  log: Logger;
}

interface BatchObjects {
  /** Token of each manifest shard; of several the newest. */
  shards: Map<number, { token: string; at: number }>;
  results: Map<number, { token: string; at: number }>;
  ended: boolean;
}

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
      log.error({ err: error, batchId: id }, 'a batch could not be rebuilt');
    }
  }
  return rebuilt;
}

async function rebuildBatch(spec: BatchSpec, { batches, store }: BatchRebuildDeps): Promise<void> {
  const owner = { tenant: spec.tenant, id: spec.id };
  const objects = await objectsOf(store, spec);
  await batches.accept(spec, { maxLive: Number.MAX_SAFE_INTEGER });
  if (!spec.preflight) await batches.offerResults(spec);
  for (let shard = 0; ; shard++) {
    const token = objects.shards.get(shard)?.token;
    if (token === undefined) break;
    const { slices, resume } = await readShardIndex(store, owner, shard, token);
    const counts: SliceCounts = {};
    const done: { slice: number; token: string; failed: boolean }[] = [];
    for (const { slice } of slices) {
      const result = objects.results.get(slice)?.token;
      if (result === undefined) continue;
      const items = await readSliceResults(store, owner, slice, result);
      for (const [field, amount] of Object.entries(countResults(items))) counts[field] = (counts[field] ?? 0) + amount;
      done.push({ slice, token: result, failed: items.some(({ state }) => state === 'failed') });
    }
    const finished = new Set(done.map(({ slice }) => slice));
    await batches.addShard(spec.id, {
      shard,
      token,
      resume,
      slices: slices.length,
      total: slices.reduce((sum, { count }) => sum + count, 0),
      msTotal: slices.reduce((sum, { audioMs }) => sum + audioMs, 0),
      todo: slices
        .filter(({ slice }) => !finished.has(slice))
        .map(({ slice, audioMs, count }) => ({ slice, ms: audioMs, jobs: count })),
      done,
      counts,
    });
  }
  if (!objects.ended) return;
  const outcome = batchViewSchema.parse(JSON.parse((await store.readAll(batchOutcomeKey(owner))).toString('utf8')));
  if (outcome.state === 'canceled' || outcome.state === 'expired') await batches.cancel(spec.id, outcome.state);
  else await batches.expanded(spec.id, outcome.error);
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
    const at = modifiedAt.getTime();
    if ((known.get(Number(number))?.at ?? -1) <= at) known.set(Number(number), { token, at });
  }
  return objects;
}
