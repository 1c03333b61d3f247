/** Batches and their clips as a tenant may see them. */
import { AppError } from '@timbre/shared/errors';
import type { Principal } from '@timbre/shared/auth/api-keys';
import { entriesOf, entryAt, type BatchEntry } from '@timbre/shared/batch/batch-items';
import type { BatchLedger, BatchPlace } from '@timbre/shared/batch/batch-ledger';
import { batchViewOf, type BatchRecord } from '@timbre/shared/batch/batch-record';
import { itemNames } from '@timbre/shared/batch/item-results';
import { isBatchEnded, type BatchView, type ItemState, type ItemView } from '@timbre/shared/contracts/batch';
import type { JobView } from '@timbre/shared/contracts/job';
import { countAlive } from '@timbre/shared/queue/heartbeat';
import type { Redis } from '@timbre/shared/queue/redis-connection';
import { itemJobId, itemViewOf } from '@timbre/shared/results/item-view';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { version } from '@timbre/shared/version';

export interface BatchReaderDeps {
  redis: Redis;
  batches: BatchLedger;
  store: ObjectStore;
  now?: () => number;
}

export interface ItemFilter {
  state?: ItemState | undefined;
  label?: string | undefined;
  code?: string | undefined;
}

export type BatchReader = ReturnType<typeof createBatchReader>;

/** Clips looked at for one page of a filtered list. */
const mostLookedAt = 20_000;

export function createBatchReader(deps: BatchReaderDeps) {
  const { redis, batches, store } = deps;
  const now = deps.now ?? Date.now;

  const requireRecord = async (principal: Principal, id: string): Promise<BatchRecord> => {
    const record = /^b[0-9a-f]{32}$/.test(id) ? await batches.read(id) : null;
    if (record?.spec.tenant !== principal.tenant) throw new AppError('not_found');
    return record;
  };

  const waitingReason = async (record: BatchRecord): Promise<BatchView['waiting']> => {
    if (isBatchEnded(record.state)) return undefined;
    if (record.paused) return { code: 'paused', detail: 'Paused; resume it to go on.' };
    const open = record.total - record.succeeded - record.failed;
    const nowMs = now();
    if ((open > 0 || record.state === 'expanding') && (await countAlive(redis, 'preprocess', nowMs)) === 0)
      return { code: 'no_preprocess', detail: 'No preprocess process is running.' };
    if (open > 0 && !record.spec.preflight && (await countAlive(redis, 'infer', nowMs)) === 0)
      return { code: 'no_worker', detail: 'No worker process is running.' };
    if (record.state === 'expanding' && record.total === 0)
      return { code: 'reading_source', detail: 'The source is being read; no clip was found yet.' };
    if (open > 0 && record.inFlight === 0)
      return { code: 'fair_share', detail: 'Other batches have their turn; this one is next in line by its share.' };
    return undefined;
  };

  const viewOf = async (record: BatchRecord): Promise<BatchView> => {
    const [pace, waiting] = await Promise.all([batches.pace(record.spec.id), waitingReason(record)]);
    return batchViewOf(record, { nowMs: now(), pace, waiting });
  };

  const entryView = (record: BatchRecord, entry: BatchEntry): ItemView => {
    const { id } = record.spec;
    if ('result' in entry) return itemViewOf(entry.result, id);
    const { item, state } = entry;
    const clip = {
      ...(item.bytes === undefined ? {} : { bytes: item.bytes }),
      ...(item.sha256 === undefined ? {} : { sha256: item.sha256 }),
    };
    return { ...itemNames(item), jobId: itemJobId(id, item.index), state, clip };
  };

  return {
    requireRecord,
    viewOf,

    async list(principal: Principal, { limit, cursor }: { limit: number; cursor: string | undefined }) {
      const rows = await batches.page(principal.tenant, cursor === undefined ? undefined : decodePlace(cursor), limit);
      const records = await batches.readMany(rows.map(({ id }) => id));
      const found = await Promise.all(records.flatMap((record) => (record ? [viewOf(record)] : [])));
      const last = rows.at(-1);
      return {
        batches: found,
        nextCursor: rows.length === limit && last ? encodePlace(last) : null,
      };
    },

    /** A page of clips in the order of the source. The cursor is the index to go on from. */
    async items(
      record: BatchRecord,
      filter: ItemFilter,
      { limit, cursor }: { limit: number; cursor: string | undefined },
    ) {
      const from = cursor === undefined ? 0 : decodeCursor(cursor);
      const items: ItemView[] = [];
      let looked = 0;
      for await (const entry of entriesOf(record, { store, batches }, { from })) {
        const view = entryView(record, entry);
        if (items.length >= limit || looked >= mostLookedAt) return { items, nextCursor: encodeCursor(view.index) };
        looked += 1;
        if (matches(view, filter)) items.push(view);
      }
      return { items, nextCursor: null };
    },

    /** A clip of a batch as a job. */
    async jobView(principal: Principal, batchId: string, index: number): Promise<JobView> {
      const record = await requireRecord(principal, batchId);
      const entry = await entryAt(record, index, { store, batches });
      if (!entry) throw new AppError('not_found');
      return jobViewOf(record, entryView(record, entry));
    },
  };
}

function matches({ state, result, error }: ItemView, filter: ItemFilter): boolean {
  const decided = result && (result.decision === 'label' ? result.label : result.decision);
  return (
    (filter.state === undefined || state === filter.state) &&
    (filter.label === undefined || decided === filter.label) &&
    (filter.code === undefined || error?.code === filter.code)
  );
}

function jobViewOf({ spec, startedAtMs }: BatchRecord, item: ItemView): JobView {
  const { decoder, ...facts } = item.clip;
  const ended = item.finishedAt === undefined ? {} : { finishedAt: item.finishedAt };
  return {
    id: item.jobId,
    state: item.state === 'running' ? 'preprocessing' : item.state,
    lane: 'bulk',
    model: spec.model,
    createdAt: new Date(spec.createdAtMs).toISOString(),
    ...(startedAtMs === undefined ? {} : { startedAt: new Date(startedAtMs).toISOString() }),
    ...ended,
    clip: { name: item.path, ...facts },
    ...(item.result ? { result: item.result } : {}),
    ...(item.error ? { error: item.error } : {}),
    ...(item.modelDigest === undefined
      ? {}
      : {
          provenance: {
            modelDigest: item.modelDigest,
            featureDigest: spec.featureDigest,
            ...(decoder === undefined ? {} : { decoder }),
            ...(item.provider === undefined ? {} : { provider: item.provider }),
            version,
          },
        }),
    timings: { uploadSeconds: 0 },
    attempts: item.finishedAt === undefined ? 0 : 1,
    deadlineAt: new Date(spec.deadlineAtMs).toISOString(),
    expiresAt: new Date(spec.expiresAtMs).toISOString(),
  };
}

const encodePlace = ({ createdAtMs, id }: BatchPlace) => Buffer.from(`${createdAtMs}.${id}`).toString('base64url');

function decodePlace(cursor: string): BatchPlace {
  const [, createdAtMs, id] =
    /^(\d{1,16})\.(b[0-9a-f]{32})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (!createdAtMs || !id) throw new AppError('invalid_parameter', { detail: '/cursor: not a cursor of this list' });
  return { createdAtMs: Number(createdAtMs), id };
}

const encodeCursor = (value: number) => Buffer.from(String(value)).toString('base64url');

function decodeCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^\d{1,16}$/.test(text))
    throw new AppError('invalid_parameter', { detail: '/cursor: not a cursor of this list' });
  return Number(text);
}
