/** `/v1/webhooks`: what was delivered and what not, again, a ping to try an address, and the secret that signs. */
import { randomBytes } from 'node:crypto';
import { Router, type Request } from 'express';
import { AppError } from '@timbre/shared/errors';
import {
  deliveryQuerySchema,
  webhookIdSchema,
  webhookTestSchema,
  type WebhookDelivery,
  type WebhookTestResult,
} from '@timbre/shared/contracts/webhook';
import type { PublicPost } from '@timbre/shared/net/public-post';
import { subjectOf, webhookIdOf, type WebhookLedger } from '@timbre/shared/webhooks/webhook-ledger';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { jsonBody } from '../http/json-body.js';
import { checkJsonShape, parseInput } from '../http/parse.js';
import { requirePrincipal } from '../http/request-context.js';
import type { TenantQuota } from '../limits/tenant-quota.js';
import type { SendWebhook } from '../webhooks/send-webhook.js';
import type { WebhookSecrets } from '../webhooks/webhook-secrets.js';
import type { ReadSubject } from '../webhooks/webhook-subjects.js';

export interface WebhookRoutesDeps {
  webhooks: WebhookLedger;
  secrets: WebhookSecrets;
  readSubject: ReadSubject;
  send: SendWebhook;
  publicPost: PublicPost;
  /** Pings in flight. */
  pings: TenantQuota;
}

export function webhookRoutes(deps: WebhookRoutesDeps): Router {
  const { webhooks, secrets, pings } = deps;
  const router = Router();
  const tenantOf = (request: Request) => requirePrincipal(request).tenant;

  router
    .route('/deliveries')
    .get(requireScope('read'), async (request, response) => {
      const { subject } = parseInput(deliveryQuerySchema, request.query);
      const delivery = await webhooks.read(tenantOf(request), subject);
      response.json({ deliveries: delivery ? [delivery] : [] });
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/deliveries/:id/replay')
    .post(requireScope('submit'), async (request, response) => {
      response.status(202).json(await replay(tenantOf(request), request.params['id'], deps));
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/test')
    .post(requireScope('submit'), jsonBody(), async (request, response) => {
      checkJsonShape(request.body);
      const { url } = parseInput(webhookTestSchema, request.body);
      const tenant = tenantOf(request);
      deps.publicPost.checkUrl(url);
      const release = pings.acquire(tenant);
      try {
        response.json(await ping(tenant, url, deps));
      } finally {
        release();
      }
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/secret')
    .get(requireScope('submit'), async (request, response) => {
      response.setHeader('Cache-Control', 'no-store').json(await secrets.read(tenantOf(request)));
    })
    .post(requireScope('submit'), async (request, response) => {
      response.setHeader('Cache-Control', 'no-store').json(await secrets.rotate(tenantOf(request)));
    })
    .all(methodNotAllowed('GET', 'POST'));

  return router;
}

async function replay(tenant: string, id: string, deps: WebhookRoutesDeps): Promise<WebhookDelivery> {
  if (!webhookIdSchema.safeParse(id).success) throw new AppError('not_found');
  const subject = { tenant, id: subjectOf(id) };
  const answer = await deps.readSubject(subject);
  if (answer.kind === 'gone') throw new AppError('not_found', { detail: 'there is no webhook of this id' });
  if (answer.kind === 'unfinished') throw new AppError('conflict', { detail: 'it has not ended yet' });
  const { webhookId, webhookUrl: url, message } = answer;
  if (webhookId !== id) throw new AppError('not_found', { detail: 'there is a newer webhook of this batch' });
  await deps.webhooks.replay(subject, { webhookId, url, type: message.type });
  const delivery = await deps.webhooks.read(tenant, subject.id);
  if (!delivery) throw new AppError('not_found');
  return delivery;
}

async function ping(tenant: string, url: string, { send }: WebhookRoutesDeps): Promise<WebhookTestResult> {
  const id = webhookIdOf(`p${randomBytes(16).toString('hex')}`);
  const message = { type: 'ping', timestamp: new Date().toISOString(), data: {} };
  const { verdict, attempt } = await send({ tenant, url, id, body: JSON.stringify(message) });
  return { id, delivered: verdict === 'delivered', attempt };
}
