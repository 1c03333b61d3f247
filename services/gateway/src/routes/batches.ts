/** `/v1/batches`: submit, look, wait, list, follow, pause, cancel, run again, delete. Results are in `batch-results.ts`. */
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { AppError } from '@timbre/shared/errors';
import { deleteBatch, deleteBatchAudio } from '@timbre/shared/batch/batch-keeper';
import type { BatchLedger } from '@timbre/shared/batch/batch-ledger';
import type { BatchRecord } from '@timbre/shared/batch/batch-record';
import type { BatchWatch } from '@timbre/shared/batch/batch-watch';
import { batchFieldsSchema, isBatchEnded, type BatchSpec, type BatchView } from '@timbre/shared/contracts/batch';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Redis } from '@timbre/shared/queue/redis-connection';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { AcceptBatch } from '../batches/accept-batch.js';
import type { BatchReader } from '../batches/batch-reader.js';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { openEventStream } from '../http/event-stream.js';
import { jsonBody } from '../http/json-body.js';
import { parseInput } from '../http/parse.js';
import { clientSignal, requirePrincipal } from '../http/request-context.js';
import type { TenantQuota } from '../limits/tenant-quota.js';
import { batchResultRoutes, type BatchResultDeps } from './batch-results.js';
import { waitQuery } from './jobs.js';

export interface BatchRoutesDeps extends BatchResultDeps {
  redis: Redis;
  batches: BatchLedger;
  store: ObjectStore;
  accept: AcceptBatch;
  reader: BatchReader;
  watch: BatchWatch;
  streams: TenantQuota;
  metrics: Metrics;
  /** Seconds a batch whose failed clips are sent through again has for it. */
  retrySeconds: number;
  now?: () => number;
}

export const batchListQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});

/** What a rescore may change; the clips and their expected labels stay. */
export const rescoreSchema = batchFieldsSchema.omit({ format: true, preflight: true, reuse: true });

export function batchRoutes(deps: BatchRoutesDeps): Router {
  const { reader, accept, batches, watch, streams } = deps;
  const now = deps.now ?? Date.now;
  const router = Router();
  const recordOf = (request: Request) => reader.requireRecord(requirePrincipal(request), String(request.params['id']));
  const answer = async (response: Response, id: string, status = 200): Promise<void> => {
    const record = await batches.read(id);
    if (!record) throw new AppError('not_found');
    response.status(status).json(await reader.viewOf(record));
  };

  router
    .route('/')
    .post(requireScope('submit'), jsonBody(), async (request, response) => {
      const { batchId, replayed } = await accept.fromRequest(request, response);
      if (replayed) response.setHeader('Idempotency-Replayed', 'true');
      response.location(`/v1/batches/${batchId}`);
      await answer(response, batchId, 202);
    })
    .get(requireScope('read'), async (request, response) => {
      const { limit, cursor } = parseInput(batchListQuerySchema, request.query);
      response.json(await reader.list(requirePrincipal(request), { limit, cursor }));
    })
    .all(methodNotAllowed('GET', 'POST'));

  router
    .route('/:id')
    .get(requireScope('read'), async (request, response) => {
      const { waitSeconds } = parseInput(waitQuery, request.query);
      let record = await recordOf(request);
      if (waitSeconds > 0 && !isBatchEnded(record.state)) {
        const release = streams.acquire(record.spec.tenant);
        try {
          const signal = AbortSignal.any([clientSignal(response), AbortSignal.timeout(waitSeconds * 1000)]);
          await watch.follow(record.spec.id, { signal, onChange: (changed) => void (record = changed) });
        } finally {
          release();
        }
      }
      await answer(response, record.spec.id);
    })
    .delete(requireScope('submit'), async (request, response) => {
      const { spec } = await recordOf(request);
      await requireUnused(spec.id);
      await deleteBatch(deps, spec);
      response.status(204).end();
    })
    .all(methodNotAllowed('GET', 'DELETE'));

  router
    .route('/:id/audio')
    .delete(requireScope('submit'), async (request, response) => {
      const { spec, state } = await recordOf(request);
      if (!isBatchEnded(state)) throw new AppError('conflict', { details: { state } });
      await requireUnused(spec.id);
      await deleteBatchAudio(deps, spec);
      response.status(204).end();
    })
    .all(methodNotAllowed('DELETE'));

  router
    .route('/:id/events')
    .get(requireScope('read'), (request, response) => streamEvents(request, response))
    .all(methodNotAllowed('GET'));

  const action = (path: string, act: (record: BatchRecord) => Promise<string>): void => {
    const handler: RequestHandler = async (request, response) => {
      const record = await recordOf(request);
      const outcome = await act(record);
      if (outcome === 'missing') throw new AppError('not_found');
      if (isRefusal(outcome)) throw new AppError('conflict', { details: { state: outcome } });
      await answer(response, record.spec.id, 202);
    };
    router.route(`/:id/${path}`).post(requireScope('submit'), handler).all(methodNotAllowed('POST'));
  };
  action('pause', ({ spec }) => batches.pause(spec.id, true));
  action('resume', ({ spec }) => batches.pause(spec.id, false));
  action('cancel', ({ spec }) => batches.cancel(spec.id, 'canceled'));
  action('retry-failed', async (record) => {
    await requireAudio(record);
    const { id, audioExpiresAtMs } = record.spec;
    return batches.retryFailed(id, Math.min(now() + deps.retrySeconds * 1000, audioExpiresAtMs));
  });

  /** A batch over the same clips; what has its clips from another one points at that. */
  const over = (
    fieldsOf: (request: Request, record: BatchRecord) => Parameters<AcceptBatch['over']>[2],
  ): RequestHandler => {
    return async (request, response) => {
      const record = await recordOf(request);
      if (!isBatchEnded(record.state)) throw new AppError('conflict', { details: { state: record.state } });
      const root = await requireAudio(record);
      const made: BatchSpec = await accept.over(request, record.spec, fieldsOf(request, record), root.spec);
      response.location(`/v1/batches/${made.id}`);
      await answer(response, made.id, 202);
    };
  };
  router
    .route('/:id/rescore')
    .post(
      requireScope('submit'),
      jsonBody(),
      over((request) => ({ ...parseInput(rescoreSchema, request.body ?? {}), preflight: false, reuse: true })),
    )
    .all(methodNotAllowed('POST'));
  router
    .route('/:id/start')
    .post(
      requireScope('submit'),
      jsonBody(),
      over((request, { spec, state }) => {
        if (!spec.preflight)
          throw new AppError('conflict', { detail: 'only a preflight can be started', details: { state } });
        const fields = parseInput(rescoreSchema, request.body ?? {});
        return { ...fields, model: fields.model ?? spec.model, preflight: false, reuse: spec.reuse };
      }),
    )
    .all(methodNotAllowed('POST'));

  router.use('/:id', batchResultRoutes(deps));
  return router;

  /** The batch that keeps the clips. @throws AppError `conflict` when it keeps them no more */
  async function requireAudio(record: BatchRecord): Promise<BatchRecord> {
    const { source } = record.spec;
    const root = source.kind === 'batch' ? await batches.read(source.batchId) : record;
    if (root && !root.audioDeleted && root.spec.audioExpiresAtMs > now()) return root;
    throw new AppError('conflict', { detail: 'the audio of the batch is deleted', details: { state: record.state } });
  }

  /** @throws AppError `conflict` while another batch works on the clips of this one */
  async function requireUnused(id: string): Promise<void> {
    const users = await batches.liveOver(id);
    if (users.length > 0)
      throw new AppError('conflict', {
        detail: 'unfinished batches work on its clips; cancel them first',
        details: { batches: users.slice(0, 10) },
      });
  }

  async function streamEvents(request: Request, response: Response): Promise<void> {
    const record = await recordOf(request);
    const { tenant, id } = record.spec;
    const lastSeen = Number(request.get('last-event-id') ?? -1);
    const release = streams.acquire(tenant);
    deps.metrics.streamsOpen.inc({ kind: 'sse' });
    const stream = openEventStream(response);
    try {
      await watch.follow(id, {
        signal: stream.signal,
        afterRevision: Number.isSafeInteger(lastSeen) ? lastSeen : -1,
        onChange: async (changed) => {
          const batch: BatchView = await reader.viewOf(changed);
          const { revision } = changed;
          const event = isBatchEnded(changed.state) ? 'end' : 'progress';
          stream.send({ id: String(revision), event, data: { revision, batch } });
        },
      });
    } finally {
      stream.end();
      release();
      deps.metrics.streamsOpen.dec({ kind: 'sse' });
    }
  }
}

const accepted: ReadonlySet<string> = new Set(['ok', 'retrying', 'canceling']);
const isRefusal = (outcome: string): boolean => !accepted.has(outcome);
