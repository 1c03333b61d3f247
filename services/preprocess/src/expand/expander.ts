/**
 * Reads the source of a batch into manifest shards, once, with flat memory. Work on the first clips begins while the rest is
 * read. Decided here, before any work: damaged entries, and clips whose result is known.
 */
import { AppError, isAppError } from '@timbre/shared/errors';
import { sha256Hex } from '@timbre/shared/digest';
import { copiedResult, failedItem } from '@timbre/shared/batch/item-results';
import { labelOfPath } from '@timbre/shared/results/path-label';
import type { BatchItem, BatchSpec } from '@timbre/shared/contracts/batch';
import type { ExpandHandler } from '@timbre/shared/queue/expand-consumer';
import { shardHashesKey, shardItems } from '@timbre/shared/storage/batch-keys';
import { findClips, type FindClipsDeps, type Found } from './find-clips.js';
import { createHashTable, hashBytes, hashOf, type HashTable } from './hash-table.js';
import { loadKnownClips, type KnownClips, type KnownClipsDeps } from './known-clips.js';
import { writeShard, type ShardClip, type SliceLimits } from './shard-writer.js';

export interface ExpanderDeps extends FindClipsDeps, KnownClipsDeps {
  slices: SliceLimits;
  now?: () => number;
}

const sourceErrors: ReadonlySet<string> = new Set([
  'archive_corrupt',
  'archive_limit',
  'archive_unrecognized',
  'manifest_invalid',
]);
const nothing: KnownClips = { find: () => Promise.resolve(undefined) };

export function createExpander(deps: ExpanderDeps): ExpandHandler {
  const { batches } = deps;
  const now = deps.now ?? Date.now;

  return async ({ spec, record }, signal) => {
    const owner = { tenant: spec.tenant, id: spec.id };
    const reusing = spec.reuse && !spec.preflight;
    const known = reusing ? await loadKnownClips(spec, deps) : nothing;
    if (!spec.preflight) await batches.offerResults(spec);
    const seen = await seenBefore(spec, record.shards, deps);
    const position = { shard: record.shards, slice: record.slices };
    let clips: ShardClip[] = [];
    let resume = record.resume;

    const flush = async (): Promise<boolean> => {
      if (clips.length === 0) return true;
      const added = await writeShard(owner, clips, { ...position, resume }, { ...deps, limits: deps.slices });
      position.shard += 1;
      clips = [];
      // Slices are counted by the ledger, so that no reader can get ahead of it.
      position.slice = (await batches.read(spec.id))?.slices ?? position.slice;
      return added;
    };

    try {
      for await (const found of findClips(spec, record.resume, deps, signal)) {
        signal.throwIfAborted();
        const index = position.shard * shardItems + clips.length;
        clips.push(await shardClip(found, index, { spec, seen, known }));
        ({ resume } = found);
        if (clips.length === shardItems && !(await flush())) return 'overtaken';
      }
    } catch (error) {
      if (!isAppError(error) || !isSourceError(error)) throw error;
      return (await flush()) ? error : 'overtaken';
    }
    if (!(await flush())) return 'overtaken';
    return position.shard === 0 ? new AppError('batch_empty') : undefined;
  };

  async function shardClip(
    { clip, item, fingerprint }: Found,
    index: number,
    { spec, seen, known }: { spec: BatchSpec; seen: HashTable; known: KnownClips },
  ): Promise<ShardClip> {
    const hash = clip.sha256 ?? item?.sha256;
    const found: BatchItem = labelled(item ? { ...item, index } : { index, ...withoutError(clip) }, spec);
    if (clip.error) return { item: { ...found, done: failedItem(found, clip.error, now()) }, hash: undefined };
    const key = hash ? hashOf(hash) : fingerprint ? hashOf(sha256Hex(Buffer.from(fingerprint))) : undefined;
    if (!key || found.done) return { item: found, hash: key };
    const first = hash ? seen.add(key, index) : index;
    if (first !== index) found.duplicateOf = first;
    const earlier = spec.reuse ? await known.find(key) : undefined;
    const same =
      earlier?.result.state === 'succeeded' &&
      (hash
        ? earlier.result.clip.sha256 === hash
        : earlier.result.clip.bytes === found.bytes && earlier.result.path === found.path);
    if (!earlier || !same) return { item: found, hash: key };
    return { item: { ...found, done: copiedResult(found, earlier.result, now(), earlier.from) }, hash: key };
  }
}

function withoutError({ path, id, expected, bytes, sha256, ref }: Found['clip']): Omit<BatchItem, 'index'> {
  return {
    path,
    ...(id === undefined ? {} : { id }),
    ...(expected === undefined ? {} : { expected }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(ref === undefined ? {} : { ref }),
  };
}

/** In an evaluation a clip is expected to be what its folder is called, unless its sender says otherwise. */
function labelled(item: BatchItem, { evaluation }: BatchSpec): BatchItem {
  if (!evaluation || item.expected !== undefined) return item;
  const expected = labelOfPath(item.path, evaluation.labels);
  return expected === undefined ? item : { ...item, expected };
}

/** Faults of the source itself, as against those of what we depend on. */
function isSourceError({ code }: AppError): boolean {
  return sourceErrors.has(code);
}

/** Content met by an earlier reader of the same source. */
async function seenBefore(spec: BatchSpec, shards: number, { store, batches }: ExpanderDeps): Promise<HashTable> {
  const seen = createHashTable();
  for (let shard = 0; shard < shards; shard++) {
    const token = await batches.shardToken(spec.id, shard);
    if (token === undefined) continue;
    const hashes = await store.readAll(shardHashesKey({ tenant: spec.tenant, id: spec.id }, shard, token));
    for (let at = 0; (at + 1) * hashBytes <= hashes.length; at++) {
      const hash = hashes.subarray(at * hashBytes, (at + 1) * hashBytes);
      if (!hash.equals(Buffer.alloc(hashBytes))) seen.add(hash, shard * shardItems + at);
    }
  }
  return seen;
}
