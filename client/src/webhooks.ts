/** `/v1/webhooks`: what was delivered, again, a ping to try an address, and the secret that signs. */
import type { WebhookDelivery, WebhookSecret, WebhookTestResult } from '@timbre/shared/contracts/webhook';
import type { CallOptions, Transport } from './transport.js';

export interface WebhookCalls {
  /** @param subject id of a job or a batch */
  deliveries(subject: string, options?: CallOptions): Promise<WebhookDelivery[]>;
  replay(id: string, options?: CallOptions): Promise<WebhookDelivery>;
  test(url: string, options?: CallOptions): Promise<WebhookTestResult>;
  secret(options?: CallOptions): Promise<WebhookSecret>;
  rotateSecret(options?: CallOptions): Promise<WebhookSecret>;
}

const delivery = { name: 'a delivery', fields: ['id', 'state'] };
const secret = { name: 'a secret', fields: ['secret'] };

export function createWebhookCalls(transport: Transport): WebhookCalls {
  return {
    async deliveries(subject, { signal } = {}) {
      const answer = await transport.json<{ deliveries: WebhookDelivery[] }>(
        { method: 'GET', path: '/v1/webhooks/deliveries', query: { subject }, signal },
        { name: 'a list of deliveries', fields: ['deliveries'] },
      );
      return answer.deliveries;
    },
    replay: (id, { signal } = {}) =>
      transport.json(
        { method: 'POST', path: `/v1/webhooks/deliveries/${encodeURIComponent(id)}/replay`, signal },
        delivery,
      ),
    test: (url, { signal } = {}) =>
      transport.json(
        { method: 'POST', path: '/v1/webhooks/test', json: { url }, timeoutMs: 60_000, signal },
        { name: 'a ping', fields: ['id', 'delivered'] },
      ),
    secret: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/webhooks/secret', signal }, secret),
    rotateSecret: ({ signal } = {}) =>
      transport.json({ method: 'POST', path: '/v1/webhooks/secret', attempts: 1, signal }, secret),
  };
}
