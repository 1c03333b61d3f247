/** `/v1/models`: the cards, with measured accuracy, thresholds and digests. */
import { Router, type RequestHandler } from 'express';
import type { LoadedCard, ModelCatalog } from '@timbre/shared/models/model-catalog';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { requireModel } from '../jobs/submit-job.js';

export function modelRoutes(models: ModelCatalog, defaultModel: string | undefined): Router {
  const router = Router();
  const isDefault = ({ card }: LoadedCard) => card.id === requireModel(models, undefined, defaultModel).card.id;
  const view = (model: LoadedCard) => ({
    ...model.card,
    modelDigest: model.modelDigest,
    featureDigest: model.featureDigest,
    isDefault: isDefault(model),
  });
  const list: RequestHandler = (_request, response) => {
    response.json({ models: models.list().map(view), nextCursor: null });
  };
  const show: RequestHandler = (request, response) => {
    response.json(view(requireModel(models, String(request.params['id']))));
  };
  router.route('/').get(requireScope('read'), list).all(methodNotAllowed('GET'));
  router.route('/:id').get(requireScope('read'), show).all(methodNotAllowed('GET'));
  return router;
}
