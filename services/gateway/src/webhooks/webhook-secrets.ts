/**
 * The secret a tenant's webhooks are signed with: an object `auth/webhooks/<tenant>.json`, made when it is first needed. A
 * rotated secret goes on signing beside its successor for 24 hours, so a receiver can change over without losing a message.
 */
import { z } from 'zod';
import { AppError, isAppError } from '@timbre/shared/errors';
import type { WebhookSecret } from '@timbre/shared/contracts/webhook';
import type { ExclusiveLocks } from '@timbre/shared/queue/exclusive-locks';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { newWebhookSecret } from '@timbre/shared/webhooks/signature';

export interface WebhookSecrets {
  read(tenant: string): Promise<WebhookSecret>;
  rotate(tenant: string): Promise<WebhookSecret>;
  /** All that sign now, the newest first. */
  signing(tenant: string): Promise<string[]>;
}

export interface WebhookSecretsDeps {
  store: ObjectStore;
  locks: ExclusiveLocks;
  now?: () => number;
}

const recordSchema = z.strictObject({
  v: z.literal(1),
  secret: z.string(),
  createdAtMs: z.number(),
  previous: z.strictObject({ secret: z.string(), untilMs: z.number() }).optional(),
});
type SecretRecord = z.infer<typeof recordSchema>;

const overlapMs = 24 * 3_600_000;
/** Another gateway's rotation is noticed after this; the old secret is good for a day, so nobody notices the delay. */
const cacheMs = 10_000;
const keyOf = (tenant: string) => `auth/webhooks/${tenant}.json`;

export function createWebhookSecrets({ store, locks, now = Date.now }: WebhookSecretsDeps): WebhookSecrets {
  const cache = new Map<string, { record: SecretRecord; atMs: number }>();

  const stored = async (tenant: string): Promise<SecretRecord | undefined> => {
    try {
      return recordSchema.parse(JSON.parse((await store.readAll(keyOf(tenant))).toString('utf8')));
    } catch (error) {
      if (isAppError(error) && error.code === 'object_missing') return undefined;
      throw error;
    }
  };

  /** Two gateways that make a secret at the same moment must end with the same one. */
  const change = async (
    tenant: string,
    next: (old: SecretRecord | undefined) => SecretRecord,
  ): Promise<SecretRecord> => {
    const lock = await locks.acquire(`webhook-secret:${tenant}`);
    if (!lock) throw new AppError('dependency_unavailable', { detail: 'the secret is being changed elsewhere' });
    try {
      const old = await stored(tenant);
      const record = next(old);
      if (record !== old) await store.put(keyOf(tenant), Buffer.from(JSON.stringify(record)));
      cache.set(tenant, { record, atMs: now() });
      return record;
    } finally {
      await lock.release();
    }
  };

  const made = (): SecretRecord => ({ v: 1, secret: newWebhookSecret(), createdAtMs: now() });

  const current = async (tenant: string): Promise<SecretRecord> => {
    const cached = cache.get(tenant);
    if (cached && now() - cached.atMs < cacheMs) return cached.record;
    const record = (await stored(tenant)) ?? (await change(tenant, (old) => old ?? made()));
    cache.set(tenant, { record, atMs: now() });
    return record;
  };

  const viewOf = ({ secret, createdAtMs, previous }: SecretRecord): WebhookSecret => ({
    secret,
    createdAt: new Date(createdAtMs).toISOString(),
    ...(previous && previous.untilMs > now() ? { previousUntil: new Date(previous.untilMs).toISOString() } : {}),
  });

  return {
    read: async (tenant) => viewOf((await stored(tenant)) ?? (await current(tenant))),
    rotate: async (tenant) =>
      viewOf(
        await change(tenant, (old) => ({
          ...made(),
          ...(old ? { previous: { secret: old.secret, untilMs: now() + overlapMs } } : {}),
        })),
      ),
    async signing(tenant) {
      const { secret, previous } = await current(tenant);
      return previous && previous.untilMs > now() ? [secret, previous.secret] : [secret];
    },
  };
}
