import { z } from 'zod';
import { modelPageSchema, modelViewSchema } from '../answer-schemas.js';
import { model } from '../examples.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';

const listModels: Operation = {
  method: 'get',
  path: '/v1/models',
  tag: 'Models',
  operationId: 'listModels',
  summary: 'List models',
  description: 'All models on offer, with their labels and measured accuracy. New ones appear without a restart.',
  scope: 'read',
  answers: {
    200: jsonAnswer('The models.', modelPageSchema, { example: { models: [model], nextCursor: null } }),
  },
  problems: [],
};

const getModel: Operation = {
  method: 'get',
  path: '/v1/models/{id}',
  tag: 'Models',
  operationId: 'getModel',
  summary: 'Look at a model',
  description: 'The card of one model, with the digests of what is served.',
  scope: 'read',
  request: { params: describedParameters(z.object({ id: z.string() }), { id: 'Id of the model.' }) },
  answers: { 200: jsonAnswer('The model.', modelViewSchema, { example: model }) },
  problems: ['model_not_found'],
};

export const modelOperations: readonly Operation[] = [listModels, getModel];
