/** The clips of a batch's source, whatever it is: an archive, a manifest, an import store, another batch. */
import { AppError } from '@timbre/shared/errors';
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import { readShardItems } from '@timbre/shared/batch/batch-objects';
import type { BatchItem, BatchSpec } from '@timbre/shared/contracts/batch';
import { batchInflatedKey } from '@timbre/shared/storage/batch-keys';
import type { ImportStore } from '@timbre/shared/storage/import-store';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { ArchiveLimits } from '../archives/archive-limits.js';
import { readEntryName } from '../archives/entry-name.js';
import type { FoundEntry, ReadOptions, Reader } from '../archives/found-clip.js';
import { inflateTarGz } from '../archives/tar/inflate-tar-gz.js';
import { readTar } from '../archives/tar/read-tar.js';
import { readZip } from '../archives/zip/read-zip.js';
import { sniffBatchFormat } from '../archives/sniff-batch-format.js';
import { readCsvManifest } from '../archives/manifest/read-csv-manifest.js';
import { readJsonlManifest } from '../archives/manifest/read-jsonl-manifest.js';
import { openStoredSource } from './stored-source.js';

export interface FindClipsDeps {
  store: ObjectStore;
  importStores: readonly ImportStore[];
  batches: BatchLedger;
  limits: ArchiveLimits;
}

/** A found clip, or the item another batch has for it. `fingerprint` stands for content that was not read. */
export type Found = FoundEntry & { item?: BatchItem; fingerprint?: string };

export type ClipsFound = AsyncGenerator<Found, void>;

const readers: Record<'zip' | 'tar' | 'jsonl' | 'csv', Reader> = {
  zip: readZip,
  tar: readTar,
  jsonl: readJsonlManifest,
  csv: readCsvManifest,
};

export async function* findClips(
  spec: BatchSpec,
  resume: string,
  deps: FindClipsDeps,
  signal: AbortSignal,
): ClipsFound {
  const { source } = spec;
  switch (source.kind) {
    case 'object':
      yield* fromObject(
        spec,
        { resume: resume === '' ? undefined : resume, limits: deps.limits, tenant: spec.tenant, signal },
        deps,
      );
      return;
    case 'prefix':
      yield* fromPrefix(source, resume, deps, signal);
      return;
    case 'batch':
      yield* fromBatch(spec, source.batchId, resume, deps);
  }
}

async function* fromObject(spec: BatchSpec, options: ReadOptions, { store }: FindClipsDeps): ClipsFound {
  const { source } = spec;
  if (source.kind !== 'object') return;
  const bytes = openStoredSource(store, source.parts, options.signal);
  const format = source.format ?? (await sniffBatchFormat(bytes));
  if (format !== 'tar.gz') {
    yield* readers[format](bytes, options);
    return;
  }
  // A compressed tar cannot be read at random: its inflated copy takes its place, for as long as the audio is kept.
  const key = batchInflatedKey({ tenant: spec.tenant, id: spec.id });
  let inflated = await store.head(key);
  // Written down before the copy is there: whoever goes on from it must know that it is not whole.
  const damageKey = `${key}.damage`;
  if (!inflated) {
    const onDamage = async (error: AppError): Promise<void> =>
      void (await store.put(damageKey, Buffer.from(error.message)));
    const whole = inflateTarGz(bytes, { ...options, onDamage });
    const { bytes: length } = await store.put(key, whole, { durability: 'volatile', signal: options.signal });
    inflated = { key, bytes: length, modifiedAt: new Date() };
  }
  for await (const found of readTar(
    openStoredSource(store, [{ key, bytes: inflated.bytes }], options.signal),
    options,
  )) {
    const { ref } = found.clip;
    yield ref?.kind === 'range' ? { ...found, clip: { ...found.clip, ref: { ...ref, inflated: true } } } : found;
  }
  if (await store.head(damageKey))
    throw new AppError('archive_corrupt', { detail: (await store.readAll(damageKey)).toString('utf8') });
}

async function* fromPrefix(
  { store: position, prefix }: { store: number; prefix: string },
  resume: string,
  { importStores, limits }: FindClipsDeps,
  signal: AbortSignal,
): ClipsFound {
  const from = importStores[position];
  if (!from) throw new AppError('object_missing', { detail: 'the operator no longer offers this store' });
  let entries = 0;
  for await (const { key, bytes, modifiedAt } of from.list(prefix, { signal })) {
    // Keys come in order, so the last one says where to go on.
    if (key <= resume) continue;
    const name = readEntryName(key.slice(prefix.lastIndexOf('/') + 1), limits);
    if (name.kind !== 'clip') continue;
    if (++entries > limits.maxEntries) throw new AppError('archive_limit', { details: { limit: limits.maxEntries } });
    const error = bytes > limits.maxEntryBytes ? new AppError('archive_entry_too_large') : undefined;
    yield {
      clip: { path: name.path, bytes, ...(error ? { error } : { ref: { kind: 'import', store: position, key } }) },
      resume: key,
      fingerprint: `${position}:${key}:${bytes}:${modifiedAt.getTime()}`,
    };
  }
}

/** The items of another batch; what it had decided with its own model is open again. */
async function* fromBatch(spec: BatchSpec, batchId: string, resume: string, deps: FindClipsDeps): ClipsFound {
  const record = await deps.batches.read(batchId);
  if (!record) throw new AppError('object_missing', { detail: 'the batch that has the clips is gone' });
  const owner = { tenant: spec.tenant, id: batchId };
  const first = resume === '' ? 0 : Number(resume);
  for (let shard = first; shard < record.shards; shard++) {
    const token = await deps.batches.shardToken(batchId, shard);
    if (token === undefined) throw new AppError('object_missing', { detail: 'a manifest shard is gone' });
    for (const item of await readShardItems(deps.store, owner, shard, token)) {
      const { done, ...open } = item;
      const undecided = done?.state === 'succeeded' ? open : item;
      yield { clip: { path: item.path }, item: undecided, resume: String(shard + 1) };
    }
  }
}
