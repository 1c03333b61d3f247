/**
 * `/v1/evaluations`: a labelled archive in, figures out. An evaluation is a batch, under the same id: whatever a batch can do
 * (follow, cancel, rescore with another model, results) is done there.
 */
import { Router } from 'express';
import { AppError } from '@timbre/shared/errors';
import { resultsOf } from '@timbre/shared/batch/batch-items';
import type { BatchRecord } from '@timbre/shared/batch/batch-record';
import type { EvaluationView } from '@timbre/shared/contracts/evaluation';
import { evaluate } from '@timbre/shared/results/evaluation';
import type { BatchRoutesDeps } from './batches.js';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { jsonBody } from '../http/json-body.js';
import { requirePrincipal } from '../http/request-context.js';

type Deps = Pick<BatchRoutesDeps, 'accept' | 'reader' | 'batches' | 'store'>;

export function evaluationRoutes(deps: Deps): Router {
  const router = Router();

  const viewOf = async (record: BatchRecord): Promise<EvaluationView> => {
    const { spec, state } = record;
    if (!spec.evaluation) throw new AppError('not_found', { detail: 'this batch is no evaluation' });
    const { createdAt, finishedAt, clips } = await deps.reader.viewOf(record);
    const report = await evaluate(resultsOf(record, deps), { batchId: spec.id, labels: spec.evaluation.labels });
    return {
      id: spec.id,
      state,
      name: spec.name,
      model: spec.model,
      modelDigest: spec.modelDigest,
      createdAt,
      ...(finishedAt === undefined ? {} : { finishedAt }),
      found: clips.total,
      ...report,
    };
  };

  router
    .route('/')
    .post(requireScope('submit'), jsonBody(), async (request, response) => {
      const { batchId, replayed } = await deps.accept.fromRequest(request, response, { evaluates: true });
      if (replayed) response.setHeader('Idempotency-Replayed', 'true');
      const record = await deps.reader.requireRecord(requirePrincipal(request), batchId);
      response
        .status(202)
        .location(`/v1/evaluations/${batchId}`)
        .json(await viewOf(record));
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/:id')
    .get(requireScope('read'), async (request, response) => {
      const id = String((request.params as Record<string, string>)['id']);
      response.json(await viewOf(await deps.reader.requireRecord(requirePrincipal(request), id)));
    })
    .all(methodNotAllowed('GET'));
  return router;
}
