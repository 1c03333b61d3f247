/** Puts the parts of webhooks together: what the routes need, and the sender. */
import { createBatchLedger } from '@timbre/shared/batch/batch-ledger';
import { createPublicPost } from '@timbre/shared/net/public-post';
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { ExclusiveLocks } from '@timbre/shared/queue/exclusive-locks';
import type { Ledger } from '@timbre/shared/queue/ledger';
import type { Redis } from '@timbre/shared/queue/redis-connection';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { createWebhookLedger } from '@timbre/shared/webhooks/webhook-ledger';
import { createTenantQuota } from '../limits/tenant-quota.js';
import type { WebhookRoutesDeps } from '../routes/webhooks.js';
import { createSendWebhook } from './send-webhook.js';
import { createSchedule } from './webhook-schedule.js';
import { createWebhookSecrets } from './webhook-secrets.js';
import { startWebhookSender, type WebhookSender } from './webhook-sender.js';
import { createWebhookSubjects } from './webhook-subjects.js';

export interface WebhooksOptions {
  redis: Redis;
  ledger: Ledger;
  store: ObjectStore;
  locks: ExclusiveLocks;
  publicUrl: string;
  allowPrivate: boolean;
  /** Waits before the second try, the third, … */
  retrySeconds: readonly number[];
  failpoint: (point: string) => void;
}

export interface Webhooks {
  routes: WebhookRoutesDeps;
  start(metrics: Metrics, log: Logger): WebhookSender;
}

const pingsPerTenant = 4;

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { redis, ledger, store, locks, publicUrl, allowPrivate, retrySeconds, failpoint } = options;
  const webhooks = createWebhookLedger(redis);
  const secrets = createWebhookSecrets({ store, locks });
  const publicPost = createPublicPost({ allowPrivate });
  const readSubject = createWebhookSubjects({ ledger, batches: createBatchLedger(redis), store, publicUrl });
  const send = createSendWebhook({ secrets, publicPost });
  const pings = createTenantQuota({ limit: pingsPerTenant, what: 'webhook pings' });
  const nextWait = createSchedule({ waitsSeconds: retrySeconds });
  return {
    routes: { webhooks, secrets, readSubject, send, publicPost, pings },
    start: (metrics, log) => startWebhookSender({ webhooks, readSubject, send, nextWait, metrics, log, failpoint }),
  };
}
