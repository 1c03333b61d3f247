/** `/v1/batches`: many clips at once. */
import type {
  BatchEvent,
  BatchFields,
  BatchFormat,
  BatchState,
  BatchView,
  ItemState,
  ItemView,
  ManifestEntry,
} from '@timbre/shared/contracts/batch';
import type { BatchDiffReport, ItemChange } from '@timbre/shared/contracts/batch-diff';
import type { RenderOptions, ResultFormat } from '@timbre/shared/contracts/batch-results';
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import { followEvents } from './follow-events.js';
import { WAIT_SECONDS } from './jobs.js';
import { newIdempotencyKey, type Call, type CallOptions, type Transport } from './transport.js';

/** What a batch is made of. A `body` is an archive or a manifest; anything else is named. */
export type BatchContent =
  | { body: Blob | string; contentType?: string }
  | { source: { uploadId: string } | { uris: string[] } | { clips: ManifestEntry[] } | { prefix: string } };

export type BatchOptions = { [Field in keyof BatchFields]?: BatchFields[Field] | undefined };
export type RescoreOptions = Omit<BatchOptions, 'format' | 'preflight' | 'reuse'>;
export type ResultOptions = { [Option in keyof RenderOptions]?: RenderOptions[Option] | undefined } & {
  format?: ResultFormat | undefined;
};

export interface SubmittedBatch {
  batch: BatchView;
  /** The idempotency key had made this batch before. */
  replayed: boolean;
}

export interface Page {
  limit?: number | undefined;
  cursor?: string | undefined;
}
export interface BatchPage {
  batches: BatchView[];
  nextCursor: string | null;
}
export interface ItemFilter {
  state?: ItemState | undefined;
  /** A label of the model, `unknown` or `mute`. */
  label?: string | undefined;
  /** Error code. */
  code?: string | undefined;
}
export interface ItemPage {
  items: ItemView[];
  nextCursor: string | null;
}

export interface BatchResults {
  /** False while the batch runs: more will come. */
  complete: boolean;
  contentType: string;
  body: ReadableStream<Uint8Array>;
}

export interface DiffOptions {
  minConfidenceChange?: number | undefined;
  limit?: number | undefined;
}
export interface BatchDiff extends BatchDiffReport {
  before: string;
  after: string;
  items: ItemChange[];
}

/** A state of a batch. `revision` is absent where it was polled because no stream came through. */
export type FollowedBatch = Pick<BatchEvent, 'batch'> & Partial<Pick<BatchEvent, 'revision'>>;

export interface BatchCalls {
  /** Accepted exactly once for each idempotency key, however often the connection breaks. */
  submit(
    content: BatchContent,
    options?: BatchOptions,
    call?: CallOptions & { idempotencyKey?: string },
  ): Promise<SubmittedBatch>;
  get(id: string, options?: CallOptions & { waitSeconds?: number }): Promise<BatchView>;
  /** The batch once it has ended. */
  wait(id: string, options?: CallOptions): Promise<BatchView>;
  list(page?: Page, options?: CallOptions): Promise<BatchPage>;
  items(id: string, filter?: ItemFilter & Page, options?: CallOptions): Promise<ItemPage>;
  /** All items that fit the filter, page by page. */
  allItems(id: string, filter?: ItemFilter, options?: CallOptions): AsyncGenerator<ItemView, void>;
  results(id: string, options?: ResultOptions, call?: CallOptions): Promise<BatchResults>;
  summary(id: string, options?: CallOptions): Promise<BatchSummary>;
  /** What batch `id` says differently from batch `against`, over the same clips. */
  diff(id: string, against: string, options?: DiffOptions & CallOptions): Promise<BatchDiff>;
  /** Each state until the end; goes on after broken connections. */
  events(id: string, options?: CallOptions & { afterRevision?: number }): AsyncGenerator<FollowedBatch, void>;
  pause(id: string, options?: CallOptions): Promise<BatchView>;
  resume(id: string, options?: CallOptions): Promise<BatchView>;
  cancel(id: string, options?: CallOptions): Promise<BatchView>;
  retryFailed(id: string, options?: CallOptions): Promise<BatchView>;
  /** A new batch over the same clips. */
  rescore(id: string, options?: RescoreOptions, call?: CallOptions): Promise<BatchView>;
  /** A new batch that runs the clips of a preflight. */
  start(id: string, options?: RescoreOptions, call?: CallOptions): Promise<BatchView>;
  delete(id: string, options?: CallOptions): Promise<void>;
  deleteAudio(id: string, options?: CallOptions): Promise<void>;
}

const ANSWER_TIMEOUT_MS = 15_000;
/** Summaries and comparisons read every result: some 100,000 clips a second. */
const READING_TIMEOUT_MS = 300_000;
const batchShape = { name: 'a batch', fields: ['id', 'state', 'clips'] };

const batchEnded: Record<BatchState, boolean> = {
  expanding: false,
  running: false,
  canceling: false,
  succeeded: true,
  completed_with_errors: true,
  failed: true,
  canceled: true,
  expired: true,
};
export const isBatchEnded = (state: BatchState): boolean => batchEnded[state];

const pathOf = (id: string, part = '') => `/v1/batches/${encodeURIComponent(id)}${part}`;

export function createBatchCalls(transport: Transport): BatchCalls {
  const get: BatchCalls['get'] = (id, { waitSeconds = 0, signal } = {}) =>
    transport.json(
      {
        method: 'GET',
        path: pathOf(id),
        query: { waitSeconds },
        timeoutMs: waitSeconds * 1000 + ANSWER_TIMEOUT_MS,
        signal,
      },
      batchShape,
    );
  return {
    get,
    submit: (content, options = {}, call = {}) => submit(transport, content, { options, ...call }),
    async wait(id, { signal } = {}) {
      for (;;) {
        const batch = await get(id, { waitSeconds: WAIT_SECONDS, signal });
        if (isBatchEnded(batch.state)) return batch;
      }
    },
    list: (page = {}, { signal } = {}) =>
      transport.json(
        { method: 'GET', path: '/v1/batches', query: { ...page }, signal },
        { name: 'a list of batches', fields: ['batches'] },
      ),
    ...createActions(transport),
    ...createReadings(transport),
    async *events(id, { signal, afterRevision } = {}) {
      const messages = followEvents(transport, {
        path: pathOf(id, '/events'),
        signal,
        lastEventId: afterRevision?.toString(),
        poll: async () => {
          const batch = await get(id, { waitSeconds: WAIT_SECONDS, signal });
          return { data: { batch }, ended: isBatchEnded(batch.state) };
        },
      });
      for await (const { data } of messages) yield data as FollowedBatch;
    },
  };
}

interface Submission extends CallOptions {
  options: BatchOptions;
  idempotencyKey?: string;
}

async function submit(
  transport: Transport,
  content: BatchContent,
  { options, idempotencyKey = newIdempotencyKey(), signal }: Submission,
): Promise<SubmittedBatch> {
  const headers = { 'idempotency-key': idempotencyKey };
  const body: Partial<Call> =
    'source' in content
      ? { json: { ...options, source: content.source }, headers }
      : {
          // Text becomes a blob, whose size is known: its time limit follows from that.
          body: content.body instanceof Blob ? content.body : new Blob([content.body]),
          query: { ...options },
          headers: { ...headers, 'content-type': content.contentType ?? contentTypeOf(options.format) },
        };
  const call: Call = { method: 'POST', path: '/v1/batches', ...body, signal };
  const response = await transport.send(call);
  const batch = (await response.json()) as BatchView;
  return { batch, replayed: response.headers.get('idempotency-replayed') === 'true' };
}

function contentTypeOf(format: BatchFormat | undefined): string {
  if (format === 'jsonl') return 'application/x-ndjson';
  // The service looks at the first bytes of archives.
  return format === 'csv' ? 'text/csv' : 'application/octet-stream';
}

type Actions = 'pause' | 'resume' | 'cancel' | 'retryFailed' | 'rescore' | 'start' | 'delete' | 'deleteAudio';

function createActions(transport: Transport): Pick<BatchCalls, Actions> {
  const act =
    (action: string) =>
    (id: string, { signal }: CallOptions = {}) =>
      transport.json<BatchView>({ method: 'POST', path: pathOf(id, `/${action}`), signal }, batchShape);
  /** Tried once: a second try could make a second batch. */
  const make =
    (action: string) =>
    (id: string, options: RescoreOptions = {}, { signal }: CallOptions = {}) =>
      transport.json<BatchView>(
        { method: 'POST', path: pathOf(id, `/${action}`), json: options, attempts: 1, signal },
        batchShape,
      );
  const remove =
    (part: string) =>
    async (id: string, { signal }: CallOptions = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(id, part), signal });
    };
  return {
    pause: act('pause'),
    resume: act('resume'),
    cancel: act('cancel'),
    retryFailed: act('retry-failed'),
    rescore: make('rescore'),
    start: make('start'),
    delete: remove(''),
    deleteAudio: remove('/audio'),
  };
}

type Readings = 'items' | 'allItems' | 'results' | 'summary' | 'diff';

function createReadings(transport: Transport): Pick<BatchCalls, Readings> {
  const items: BatchCalls['items'] = (id, filter = {}, { signal } = {}) =>
    transport.json(
      { method: 'GET', path: pathOf(id, '/items'), query: { ...filter }, timeoutMs: READING_TIMEOUT_MS, signal },
      { name: 'a list of clips', fields: ['items'] },
    );
  return {
    items,
    async *allItems(id, filter = {}, options = {}) {
      for (let cursor: string | undefined; ;) {
        const page = await items(id, { ...filter, limit: 1000, cursor }, options);
        yield* page.items;
        if (page.nextCursor === null) return;
        cursor = page.nextCursor;
      }
    },
    async results(id, options = {}, { signal } = {}) {
      const response = await transport.send({
        method: 'GET',
        path: pathOf(id, '/results'),
        query: { ...options },
        headers: { accept: '*/*' },
        timeoutMs: READING_TIMEOUT_MS,
        signal,
      });
      return {
        complete: response.headers.get('timbre-complete') === 'true',
        contentType: response.headers.get('content-type') ?? '',
        body: (response.body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>,
      };
    },
    summary: (id, { signal } = {}) =>
      transport.json(
        { method: 'GET', path: pathOf(id, '/summary'), timeoutMs: READING_TIMEOUT_MS, signal },
        { name: 'a summary', fields: ['clips', 'instruments'] },
      ),
    diff: (id, against, { signal, ...options } = {}) =>
      transport.json(
        {
          method: 'GET',
          path: pathOf(id, '/diff'),
          query: { against, ...options },
          timeoutMs: READING_TIMEOUT_MS,
          signal,
        },
        { name: 'a comparison', fields: ['before', 'after', 'items'] },
      ),
  };
}
