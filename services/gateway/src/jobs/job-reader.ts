/** Reads jobs for their owner: from the ledger while it holds them, later from the object store. */
import { AppError, isAppError } from '@timbre/shared/errors';
import { parseItemJobId } from '@timbre/shared/contracts/batch';
import { jobIdSchema, jobViewSchema, type JobState, type JobView } from '@timbre/shared/contracts/job';
import type { Principal } from '@timbre/shared/auth/api-keys';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { viewOf, type JobRecord } from '@timbre/shared/queue/job-record';
import { outcomeKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';

export interface JobFilter {
  state?: JobState | undefined;
  model?: string | undefined;
  lane?: string | undefined;
  createdAfterMs?: number | undefined;
}

export interface JobPage {
  jobs: JobView[];
  nextCursor: string | null;
}

export type JobReader = ReturnType<typeof createJobReader>;

/** Index rows looked at for one page at most, so a filter that matches nothing stays cheap. */
const maxScanned = 2000;
const chunk = 100;
/** Records read from the object store at once: each costs a round trip there. */
const readsAtOnce = 16;

const noClip: ReadBatchClip = () => Promise.reject(new AppError('not_found'));

/** A clip of a batch as a job. @throws AppError `not_found` */
export type ReadBatchClip = (principal: Principal, batchId: string, index: number) => Promise<JobView>;

export function createJobReader(ledger: Ledger, store: ObjectStore, readBatchClip: ReadBatchClip = noClip) {
  const archived = async (owner: { tenant: string; id: string }): Promise<JobView | null> => {
    try {
      return jobViewSchema.parse(JSON.parse((await store.readAll(outcomeKey(owner))).toString('utf8')));
    } catch (error) {
      if (isAppError(error) && error.code === 'object_missing') return null;
      throw error;
    }
  };

  /** In the order of the rows; whoever stops early has read at most `readsAtOnce` objects too many. */
  async function* viewsOf(tenant: string, rows: readonly Position[]) {
    const records = await ledger.readMany(rows.map(({ id }) => id));
    for (let start = 0; start < rows.length; start += readsAtOnce) {
      const views = await Promise.all(
        rows.slice(start, start + readsAtOnce).map(async (row, index) => {
          const record = records[start + index];
          return { row, view: record ? viewOf(record) : await archived({ tenant, id: row.id }) };
        }),
      );
      yield* views;
    }
  }

  const reader = {
    /** The live record when the ledger has it; @throws AppError `not_found` for what is not the tenant's. */
    async requireRecord({ tenant }: Principal, id: string): Promise<JobRecord> {
      const record = jobIdSchema.safeParse(id).success ? await ledger.read(id) : null;
      if (record === null || record.spec.tenant !== tenant) throw new AppError('not_found');
      return record;
    },

    async requireView(principal: Principal, id: string): Promise<JobView> {
      const clip = parseItemJobId(id);
      if (clip) return readBatchClip(principal, clip.batchId, clip.index);
      if (!jobIdSchema.safeParse(id).success) throw new AppError('not_found');
      const record = await ledger.read(id);
      if (record) {
        if (record.spec.tenant !== principal.tenant) throw new AppError('not_found');
        return viewOf(record);
      }
      const view = await archived({ tenant: principal.tenant, id });
      if (!view) throw new AppError('not_found');
      return view;
    },

    /** Newest first. */
    async list({ tenant }: Principal, filter: JobFilter, limit: number, cursor?: string): Promise<JobPage> {
      let position = cursor === undefined ? undefined : decodeCursor(cursor);
      const jobs: JobView[] = [];
      let scanned = 0;
      while (scanned < maxScanned) {
        const rows = await ledger.page(tenant, position, chunk);
        if (rows.length === 0) return { jobs, nextCursor: null };
        for await (const { row, view } of viewsOf(tenant, rows)) {
          scanned += 1;
          position = row;
          if (filter.createdAfterMs !== undefined && row.createdAtMs <= filter.createdAfterMs)
            return { jobs, nextCursor: null };
          if (view && matches(view, filter)) jobs.push(view);
          if (jobs.length >= limit) return { jobs, nextCursor: encodeCursor(position) };
        }
      }
      return { jobs, nextCursor: position ? encodeCursor(position) : null };
    },
  };
  return reader;
}

function matches(view: JobView, filter: JobFilter): boolean {
  return (
    (filter.state === undefined || view.state === filter.state) &&
    (filter.model === undefined || view.model === filter.model) &&
    (filter.lane === undefined || view.lane === filter.lane)
  );
}

type Position = { id: string; createdAtMs: number };

const encodeCursor = ({ id, createdAtMs }: Position) => Buffer.from(`${createdAtMs}.${id}`).toString('base64url');

function decodeCursor(cursor: string): Position {
  const match = /^(\d{1,16})\.(j[0-9a-f]{32})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (!match?.[1] || !match[2])
    throw new AppError('invalid_parameter', { detail: '/cursor: not a cursor of this list' });
  return { createdAtMs: Number(match[1]), id: match[2] };
}
