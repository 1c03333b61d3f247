/** `/v1/batches`: many clips at once. */
import type { BatchFormat, BatchState, BatchView } from '@timbre/shared/contracts/batch';
import type {
  BatchCalls,
  BatchContent,
  BatchOptions,
  FollowedBatch,
  RescoreOptions,
  SubmittedBatch,
} from './batch-calls.js';
import { followEvents } from './follow-events.js';
import { WAIT_SECONDS } from './jobs.js';
import { newIdempotencyKey, type Call, type CallOptions, type Transport } from './transport.js';

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
