/** Secrets and signatures of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`. */
import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';
/** The standard asks for 24 to 64. */
const secretBytes = 32;

export const newWebhookSecret = (): string => `${prefix}${randomBytes(secretBytes).toString('base64')}`;

export interface SignedMessage {
  id: string;
  /** When it is sent, in seconds since 1970. */
  timestampSeconds: number;
  body: string;
}

/** One signature for each secret, so that a receiver may know either while they change. */
export function webhookSignature(secrets: readonly string[], { id, timestampSeconds, body }: SignedMessage): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(prefix.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`;
    })
    .join(' ');
}
