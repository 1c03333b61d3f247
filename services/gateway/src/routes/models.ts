/** `/v1/models`: the cards, with measured accuracy, thresholds and digests. */
import { Router } from 'express';
import type { LoadedCard, ModelCatalog } from '@timbre/shared/models/model-catalog';
import { requireScope } from '../http/authenticate.js';
import { requireModel } from '../jobs/submit-job.js';

export function modelRoutes(models: ModelCatalog, defaultModel: string | undefined): Router {
  const router = Router();
  const isDefault = ({ card }: LoadedCard) => card.id === (defaultModel ?? models.list()[0]?.card.id);
  const view = (model: LoadedCard) => ({
    ...model.card,
    modelDigest: model.modelDigest,
    featureDigest: model.featureDigest,
    isDefault: isDefault(model),
  });
  router.get('/', requireScope('read'), (_request, response) => {
    response.json({ models: models.list().map(view), nextCursor: null });
  });
  router.get('/:id', requireScope('read'), (request, response) => {
    response.json(view(requireModel(models, String(request.params['id']))));
  });
  return router;
}
