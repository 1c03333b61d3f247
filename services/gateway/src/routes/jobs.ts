/** `/v1/jobs`: submit, look, wait, list, follow, cancel, run again. */
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { AppError } from '@timbre/shared/errors';
import {
  isTerminal,
  jobStateSchema,
  laneSchema,
  type JobEvent,
  type JobSpec,
  type JobView,
} from '@timbre/shared/contracts/job';
import { modelIdSchema } from '@timbre/shared/contracts/model-card';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { acceptedView, terminalView } from '@timbre/shared/queue/job-record';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { jsonBody } from '../http/json-body.js';
import { parseInput } from '../http/parse.js';
import { clientSignal, contextOf, requirePrincipal } from '../http/request-context.js';
import type { AcceptClip } from '../jobs/accept-clip.js';
import { watchDelivery } from '../jobs/delivery-watch.js';
import type { JobReader } from '../jobs/job-reader.js';
import { newJobId, type SubmitJob } from '../jobs/submit-job.js';
import { watchJob, type WatchDeps } from '../jobs/watch-job.js';
import type { TenantQuota } from '../limits/tenant-quota.js';
import { openEventStream } from '../http/event-stream.js';

export interface JobRoutesDeps extends WatchDeps {
  ledger: Ledger;
  accept: AcceptClip;
  submit: SubmitJob;
  reader: JobReader;
  streams: TenantQuota;
  metrics: Metrics;
  recordSeconds: number;
  /** Gives a new job its own copy of another's audio, so that each can expire on its own. */
  copySource: (from: JobSpec, jobId: string) => Promise<JobSpec['source']>;
  now?: () => number;
}

export const waitQuery = z.looseObject({ waitSeconds: z.coerce.number().min(0).max(60).default(0) });

export const listQuerySchema = z.strictObject({
  state: jobStateSchema.optional(),
  model: modelIdSchema.optional(),
  lane: laneSchema.optional(),
  createdAfter: z.iso.datetime({ offset: true }).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});

export function jobRoutes(deps: JobRoutesDeps): Router {
  const { reader, accept, streams } = deps;
  const router = Router();
  const id = (request: Request) => String(request.params['id']);

  router
    .route('/')
    .post(requireScope('submit'), jsonBody(), async (request, response) => {
      const { jobId, spec, replayed } = await accept(request, response);
      const view = spec ? acceptedView(spec) : await reader.requireView(requirePrincipal(request), jobId);
      if (replayed) response.setHeader('Idempotency-Replayed', 'true');
      response.status(202).location(`/v1/jobs/${jobId}`).json(view);
    })
    .get(requireScope('read'), async (request, response) => {
      const { limit, cursor, createdAfter, ...filter } = parseInput(listQuerySchema, request.query);
      const createdAfterMs = createdAfter === undefined ? undefined : Date.parse(createdAfter);
      response.json(await reader.list(requirePrincipal(request), { ...filter, createdAfterMs }, limit, cursor));
    })
    .all(methodNotAllowed('GET', 'POST'));

  router
    .route('/:id')
    .get(requireScope('read'), async (request, response) => {
      const { waitSeconds } = parseInput(waitQuery, request.query);
      const principal = requirePrincipal(request);
      let view = await reader.requireView(principal, id(request));
      if (waitSeconds > 0 && !isTerminal(view.state)) {
        const release = streams.acquire(principal.tenant);
        try {
          view =
            (await waitForEnd(view.id, waitSeconds, clientSignal(response), deps)) ??
            (await reader.requireView(principal, view.id));
        } finally {
          release();
        }
      }
      response.json(view);
    })
    .delete(requireScope('submit'), async (request, response) => {
      response.json(await cancelJob(request, deps));
    })
    .all(methodNotAllowed('GET', 'DELETE'));

  router
    .route('/:id/events')
    .get(requireScope('read'), (request, response) => streamEvents(request, response, deps))
    .all(methodNotAllowed('GET'));

  const retry: RequestHandler = async (request, response) => {
    const principal = requirePrincipal(request);
    const { spec, state } = await reader.requireRecord(principal, id(request));
    if (state !== 'failed' && state !== 'expired' && state !== 'canceled')
      throw new AppError('conflict', { details: { state } });
    const jobId = newJobId();
    await deps.submit({
      id: jobId,
      principal,
      fields: {
        model: spec.model,
        lane: spec.lane,
        retentionSeconds: Math.round((spec.expiresAtMs - spec.createdAtMs) / 1000),
        ...(spec.webhookUrl === undefined ? {} : { webhookUrl: spec.webhookUrl }),
      },
      source: await deps.copySource(spec, jobId),
      name: spec.name,
      traceparent: contextOf(request).traceparent,
      uploadSeconds: 0,
      via: 'retry',
      retryOf: spec.id,
    });
    response
      .status(202)
      .location(`/v1/jobs/${jobId}`)
      .json(await reader.requireView(principal, jobId));
  };
  router.route('/:id/retry').post(requireScope('submit'), retry).all(methodNotAllowed('POST'));

  return router;
}

/** The finished job, or `undefined` when the time is up first. */
export async function waitForEnd(
  jobId: string,
  seconds: number,
  client: AbortSignal,
  deps: WatchDeps & { metrics: Metrics },
): Promise<JobView | undefined> {
  let finished: JobView | undefined;
  const signal = AbortSignal.any([client, AbortSignal.timeout(seconds * 1000)]);
  const delivered = watchDelivery(deps.metrics);
  const onEvent = (event: JobEvent) => {
    finished = event.job ?? finished;
    delivered(event);
  };
  await watchJob(jobId, deps, { afterSeq: 0, signal, onEvent });
  return finished;
}

async function cancelJob(request: Request, deps: JobRoutesDeps): Promise<JobView> {
  const principal = requirePrincipal(request);
  const record = await deps.reader.requireRecord(principal, String(request.params['id']));
  const now = (deps.now ?? Date.now)();
  if (!isTerminal(record.state)) {
    const won = await deps.ledger.commit(
      'canceled',
      terminalView(record, { state: 'canceled' }, now),
      now + deps.recordSeconds * 1000,
    );
    if (won) deps.metrics.jobsFinished.inc({ lane: record.spec.lane, state: 'canceled' });
  }
  const view = await deps.reader.requireView(principal, record.spec.id);
  if (view.state !== 'canceled') throw new AppError('conflict', { details: { state: view.state } });
  return view;
}

async function streamEvents(request: Request, response: Response, deps: JobRoutesDeps): Promise<void> {
  const principal = requirePrincipal(request);
  const view = await deps.reader.requireView(principal, String(request.params['id']));
  const lastSeen = Number(request.get('last-event-id') ?? 0);
  const release = deps.streams.acquire(principal.tenant);
  deps.metrics.streamsOpen.inc({ kind: 'sse' });
  const stream = openEventStream(response);
  const send = (event: JobEvent) =>
    stream.send({ id: String(event.seq), event: isTerminal(event.state) ? 'end' : 'state', data: event });
  try {
    const afterSeq = Number.isSafeInteger(lastSeen) && lastSeen > 0 ? lastSeen : 0;
    const sendEnd = (ended: JobView) => {
      const atMs = Date.parse(ended.finishedAt ?? ended.createdAt);
      send({ seq: Math.max(1, afterSeq), atMs, state: ended.state, job: ended });
    };
    if (isTerminal(view.state) && (await deps.ledger.eventsAfter(view.id, afterSeq)).length === 0) {
      // Its log has left Redis, or all of it was seen before: a client that resumes always gets the end.
      sendEnd(view);
    } else if (!(await watchJob(view.id, deps, { afterSeq, signal: stream.signal, onEvent: send }))) {
      // The record left Redis during the watch: what became of the job is in the object store.
      if (!stream.signal.aborted) sendEnd(await deps.reader.requireView(principal, view.id));
    }
  } finally {
    stream.end();
    release();
    deps.metrics.streamsOpen.dec({ kind: 'sse' });
  }
}
