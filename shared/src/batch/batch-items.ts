/** The clips of a batch in their order, with what became of them so far. Memory stays flat: a slice or two at a time. */
import { isBatchEnded, type BatchItem, type ItemResult, type ItemState } from '../contracts/batch.js';
import type { Slice } from '../contracts/pipeline.js';
import { shardItems } from '../storage/batch-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { BatchLedger } from './batch-ledger.js';
import { readShardIndex, readSliceItems, readSliceResults } from './batch-objects.js';
import type { BatchRecord } from './batch-record.js';

/** A clip that has no result (yet). */
export interface OpenItem {
  item: BatchItem;
  state: Exclude<ItemState, 'succeeded' | 'failed'>;
}

export type BatchEntry = { result: ItemResult } | OpenItem;

export interface ItemReaderDeps {
  store: ObjectStore;
  batches: BatchLedger;
}

/** Slices read ahead. */
const ahead = 6;

/** Results there are, from clip `from` on. */
export async function* resultsOf(
  record: BatchRecord,
  deps: ItemReaderDeps,
  from = 0,
): AsyncGenerator<ItemResult, void> {
  for await (const entry of entriesOf(record, deps, { from, open: false })) if ('result' in entry) yield entry.result;
}

/** All clips found so far, from clip `from` on. */
export async function* entriesOf(
  record: BatchRecord,
  deps: ItemReaderDeps,
  { from = 0, open = true }: { from?: number; open?: boolean } = {},
): AsyncGenerator<BatchEntry, void> {
  const reads: Promise<BatchEntry[]>[] = [];
  for (let shard = Math.floor(from / shardItems); shard < record.shards; shard++) {
    for await (const slice of slicesOf(record, shard, deps)) {
      if (slice.from + slice.count <= from) continue;
      const read = readSlice(record, slice, deps, open);
      read.catch(() => undefined);
      reads.push(read);
      if (reads.length > ahead) yield* since(from, (await reads.shift()) ?? []);
    }
  }
  for (const read of reads) yield* since(from, await read);
}

const indexOf = (entry: BatchEntry) => ('result' in entry ? entry.result.index : entry.item.index);
const since = (from: number, entries: readonly BatchEntry[]) => entries.filter((entry) => indexOf(entry) >= from);

type PlacedSlice = Slice & { shardToken: string; result: string | undefined; atWork: boolean };

async function* slicesOf(
  { spec }: BatchRecord,
  shard: number,
  { store, batches }: ItemReaderDeps,
): AsyncGenerator<PlacedSlice> {
  const shardToken = await batches.shardToken(spec.id, shard);
  if (shardToken === undefined) return;
  const { slices } = await readShardIndex(store, spec, shard, shardToken);
  const tokens = await batches.resultTokens(spec.id, slices[0]?.slice ?? 0, slices.length);
  const running = tokens.includes(undefined)
    ? new Set((await batches.inFlight(spec.id)).filter(({ atWork }) => atWork).map(({ slice }) => slice))
    : new Set<number>();
  for (const [at, slice] of slices.entries())
    yield { ...slice, shardToken, result: tokens[at], atWork: running.has(slice.slice) };
}

async function readSlice(
  { spec, state }: BatchRecord,
  slice: PlacedSlice,
  { store }: ItemReaderDeps,
  open: boolean,
): Promise<BatchEntry[]> {
  if (slice.result !== undefined)
    return (await readSliceResults(store, spec, slice.slice, slice.result)).map((result) => ({ result }));
  if (!open) return [];
  const ended = isBatchEnded(state) ? (state === 'expired' ? state : 'canceled') : undefined;
  const openState = ended ?? (slice.atWork ? 'running' : 'queued');
  return (await readSliceItems(store, spec, slice)).map((item) => ({ item, state: openState }));
}

/** Where one clip comes from, and the slice it is in; `undefined` when the batch has none with this index. */
export async function sourceOfItem(
  record: BatchRecord,
  index: number,
  deps: ItemReaderDeps,
): Promise<{ item: BatchItem; slice: number } | undefined> {
  if (index >= record.total) return undefined;
  for await (const slice of slicesOf(record, Math.floor(index / shardItems), deps)) {
    if (index < slice.from || index >= slice.from + slice.count) continue;
    const items = await readSliceItems(deps.store, record.spec, slice);
    const item = items.find((each) => each.index === index);
    return item && { item, slice: slice.slice };
  }
  return undefined;
}

/** One clip; `undefined` when the batch has none with this index. */
export async function entryAt(
  record: BatchRecord,
  index: number,
  deps: ItemReaderDeps,
): Promise<BatchEntry | undefined> {
  if (index >= record.total) return undefined;
  for await (const slice of slicesOf(record, Math.floor(index / shardItems), deps))
    if (index >= slice.from && index < slice.from + slice.count)
      return (await readSlice(record, slice, deps, true)).find((entry) => indexOf(entry) === index);
  return undefined;
}
