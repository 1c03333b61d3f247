/** One attempt to deliver one message: signed for this moment, and judged by the status that came back. */
import { isAppError } from '@timbre/shared/errors';
import type { WebhookAttempt } from '@timbre/shared/contracts/webhook';
import type { PublicPost } from '@timbre/shared/net/public-post';
import { webhookSignature } from '@timbre/shared/webhooks/signature';
import type { WebhookSecrets } from './webhook-secrets.js';

export interface Sending {
  tenant: string;
  url: string;
  /** `webhook-id`: the same over all attempts, so a receiver can tell repeats. */
  id: string;
  body: string;
}

export type Verdict = 'delivered' | 'refused' | 'disabled';

export interface SendResult {
  verdict: Verdict;
  attempt: WebhookAttempt;
  retryAfterSeconds: number | undefined;
}

export type SendWebhook = (sending: Sending) => Promise<SendResult>;

export interface SendWebhookDeps {
  secrets: WebhookSecrets;
  publicPost: PublicPost;
  now?: () => number;
}

export function createSendWebhook({ secrets, publicPost, now = Date.now }: SendWebhookDeps): SendWebhook {
  return async ({ tenant, url, id, body }) => {
    const signing = await secrets.signing(tenant);
    const atMs = now();
    const timestampSeconds = Math.floor(atMs / 1000);
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': webhookSignature(signing, { id, timestampSeconds, body }),
    };
    const started = performance.now();
    const attempt = (facts: Partial<WebhookAttempt>): WebhookAttempt => ({
      at: new Date(atMs).toISOString(),
      durationSeconds: Math.round(performance.now() - started) / 1000,
      ...facts,
    });
    try {
      const { status, retryAfterSeconds } = await publicPost.post(url, { headers, body });
      return { verdict: verdictOf(status), attempt: attempt({ status }), retryAfterSeconds };
    } catch (error) {
      // What is not about the address is our own fault, and no attempt of the receiver's.
      if (!isAppError(error)) throw error;
      const failure = { code: error.code, detail: error.message };
      return { verdict: 'refused', attempt: attempt({ error: failure }), retryAfterSeconds: undefined };
    }
  };
}

/** A redirect is no delivery: the address it leads to was never checked. */
function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered';
  return status === 410 ? 'disabled' : 'refused';
}
