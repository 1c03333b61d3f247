import { z } from 'zod';
import {
  deliveryListSchema,
  deliveryQuerySchema,
  webhookDeliverySchema,
  webhookSecretSchema,
  webhookTestResultSchema,
  webhookTestSchema,
} from '@timbre/shared/contracts/webhook';
import { delivery, webhookSecret, webhookTestResult } from '../examples.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';

const listDeliveries: Operation = {
  method: 'get',
  path: '/v1/webhooks/deliveries',
  tag: 'Webhooks',
  operationId: 'listWebhookDeliveries',
  summary: 'Was the webhook of a job or batch delivered',
  description: 'How the delivery stands, with its last attempts. Empty before the first attempt. Kept for seven days.',
  scope: 'read',
  request: {
    query: describedParameters(deliveryQuerySchema, { subject: 'Id of the job or batch.' }),
  },
  answers: { 200: jsonAnswer('The delivery, if any.', deliveryListSchema, { example: { deliveries: [delivery] } }) },
  problems: [],
};

const replayDelivery: Operation = {
  method: 'post',
  path: '/v1/webhooks/deliveries/{id}/replay',
  tag: 'Webhooks',
  operationId: 'replayWebhookDelivery',
  summary: 'Deliver a webhook again',
  description:
    'Sends it at once, under the same `webhook-id`, with all its tries ahead; also one that was delivered, given up or disabled.',
  scope: 'submit',
  request: {
    params: describedParameters(z.object({ id: z.string() }), { id: 'Id of the delivery, its `webhook-id`.' }),
  },
  answers: {
    202: jsonAnswer('It is due now.', webhookDeliverySchema, {
      example: { ...delivery, state: 'pending', tries: 0, nextAttemptAt: '2026-11-22T10:20:00.000Z' },
    }),
  },
  problems: ['not_found', 'conflict'],
};

const testWebhook: Operation = {
  method: 'post',
  path: '/v1/webhooks/test',
  tag: 'Webhooks',
  operationId: 'testWebhook',
  summary: 'Send a ping to an address',
  description:
    'Sends one signed message of type `ping`, as a real one is sent, and answers with what came back. Waits for 15 seconds at most.',
  scope: 'submit',
  request: {
    body: {
      required: true,
      content: {
        'application/json': { schema: webhookTestSchema, example: { url: 'https://example.org/hooks/timbre' } },
      },
    },
  },
  answers: { 200: jsonAnswer('What came back.', webhookTestResultSchema, { example: webhookTestResult }) },
  problems: ['invalid_json', 'request_timeout', 'payload_too_large', 'url_forbidden', 'quota_exceeded'],
};

const getSecret: Operation = {
  method: 'get',
  path: '/v1/webhooks/secret',
  tag: 'Webhooks',
  operationId: 'getWebhookSecret',
  summary: 'The secret that signs webhooks',
  description:
    'One for all webhooks of the tenant, made when it is first needed. Any library of Standard Webhooks verifies with it.',
  scope: 'submit',
  answers: { 200: jsonAnswer('The secret.', webhookSecretSchema, { example: webhookSecret }) },
  problems: [],
};

const rotateSecret: Operation = {
  method: 'post',
  path: '/v1/webhooks/secret',
  tag: 'Webhooks',
  operationId: 'rotateWebhookSecret',
  summary: 'Change the secret that signs webhooks',
  description: 'For 24 hours messages carry two signatures, of the new secret and of the old one.',
  scope: 'submit',
  answers: {
    200: jsonAnswer('The new secret.', webhookSecretSchema, {
      example: { ...webhookSecret, previousUntil: '2026-11-23T10:15:00.000Z' },
    }),
  },
  problems: [],
};

export const webhookOperations: readonly Operation[] = [
  listDeliveries,
  replayDelivery,
  testWebhook,
  getSecret,
  rotateSecret,
];
