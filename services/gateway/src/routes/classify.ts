/** `/v1/classify`, one call for one short clip, and `/predict_instrument`, the call of the original service. */
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Principal } from '@timbre/shared/auth/api-keys';
import { AppError, isAppError } from '@timbre/shared/errors';
import { errorCatalog, type ErrorCode } from '@timbre/shared/error-catalog';
import { isTerminal, type JobEvent, type JobView } from '@timbre/shared/contracts/job';
import { acceptedView } from '@timbre/shared/queue/job-record';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { jsonBody } from '../http/json-body.js';
import { parseInput } from '../http/parse.js';
import { clientSignal, requirePrincipal } from '../http/request-context.js';
import { watchDelivery } from '../jobs/delivery-watch.js';
import type { AcceptClip, Accepted } from '../jobs/accept-clip.js';
import type { JobReader } from '../jobs/job-reader.js';
import { watchJob, type WatchDeps } from '../jobs/watch-job.js';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { TenantQuota } from '../limits/tenant-quota.js';

export interface ClassifyDeps extends WatchDeps {
  accept: AcceptClip;
  reader: JobReader;
  streams: TenantQuota;
  metrics: Metrics;
}

export const classifyQuery = z.looseObject({ waitSeconds: z.coerce.number().min(0).max(60).optional() });
const defaultWaitSeconds = 30;

export function classifyRoutes(deps: ClassifyDeps): Router {
  const router = Router();
  router
    .route('/v1/classify')
    .post(requireScope('submit'), jsonBody(), async (request, response) => {
      const view = await classify(request, response, deps);
      if (!isTerminal(view.state)) response.status(202);
      response.location(`/v1/jobs/${view.id}`).json(view);
    })
    .all(methodNotAllowed('POST'));
  router
    .route('/predict_instrument')
    .post(requireScope('submit'), async (request, response) => {
      const { state, result, error } = await classify(request, response, deps);
      if (result) return void response.json({ predicted_class: result.decision === 'mute' ? 'mute' : result.label });
      if (error && error.code in errorCatalog) throw new AppError(error.code as ErrorCode, { detail: error.detail });
      throw new AppError('dependency_unavailable', { detail: `the clip is still ${state}`, retryAfterSeconds: 5 });
    })
    .all(methodNotAllowed('POST'));
  return router;
}

/** Submits the clip and waits for its end, subscribed before the job exists so no message can be missed. */
async function classify(request: Request, response: Response, deps: ClassifyDeps): Promise<JobView> {
  const principal = requirePrincipal(request);
  const seconds = waitSeconds(request);
  const release = deps.streams.acquire(principal.tenant);
  const over = new AbortController();
  const signal = AbortSignal.any([clientSignal(response), over.signal]);
  let finished: JobView | undefined;
  let accepted: Accepted | undefined;
  let watching: Promise<boolean> | undefined;
  const delivered = watchDelivery(deps.metrics);
  const onEvent = (event: JobEvent) => {
    finished = event.job ?? finished;
    delivered(event);
  };
  try {
    accepted = await deps.accept(request, response, {
      force: { lane: 'interactive' },
      beforeSubmit: (id) => {
        watching = watchJob(id, deps, { afterSeq: 0, signal, onEvent, isRecorded: () => accepted !== undefined });
        watching.catch(() => undefined);
        return Promise.resolve();
      },
    });
    if (accepted.replayed) {
      // It may have ended long ago, and its log may have left Redis.
      const view = await deps.reader.requireView(principal, accepted.jobId);
      if (isTerminal(view.state)) return view;
    }
    const timer = setTimeout(() => over.abort(), seconds * 1000);
    try {
      await watching;
    } finally {
      clearTimeout(timer);
    }
    return finished ?? (await presentView(accepted, principal, deps));
  } finally {
    over.abort();
    release();
  }
}

/** The job now; where Redis does not answer, as it was accepted, so that the client has its id and does not send again. */
async function presentView(
  { jobId, spec }: Accepted,
  principal: Principal,
  { reader }: ClassifyDeps,
): Promise<JobView> {
  try {
    return await reader.requireView(principal, jobId);
  } catch (error) {
    if (spec && isAppError(error) && error.code === 'dependency_unavailable') return acceptedView(spec);
    throw error;
  }
}

/** From the query, else `Prefer: wait=N` (RFC 7240). */
function waitSeconds(request: Request): number {
  const { waitSeconds: asked } = parseInput(classifyQuery, request.query);
  if (asked !== undefined) return asked;
  const prefer = /(?:^|[,;]\s*)wait=(\d{1,2})\b/.exec(request.get('prefer') ?? '');
  return prefer?.[1] === undefined ? defaultWaitSeconds : Math.min(60, Number(prefer[1]));
}
