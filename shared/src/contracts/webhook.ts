/**
 * Webhooks after Standard Webhooks 1.0 (https://www.standardwebhooks.com): what is sent when a job or a batch has ended, and
 * what can be read about it. A delivery is named by its `webhook-id`, which stays the same over all its attempts.
 */
import { z } from 'zod';

/**
 * `msg_` and the id of the job or batch; of a ping, `msg_p` and 32 hex digits. A batch can end again after `retry-failed`, so
 * the time of the end is part of its id.
 */
export const webhookIdSchema = z.string().regex(/^msg_[jbp][0-9a-f]{32}(-[0-9a-z]{1,12})?$/, 'not a webhook id');
export const subjectIdSchema = z.string().regex(/^[jb][0-9a-f]{32}$/, 'not the id of a job or a batch');

/** The body of a webhook. `data` is the job or the batch as `GET` answers it. */
export interface WebhookMessage {
  /** `job.succeeded`, `batch.completed_with_errors`, `ping`, …: the kind and its end state. */
  type: string;
  timestamp: string;
  /** Where the whole is read. */
  url?: string;
  /** Set when parts of `data` were left out to keep the body under 20 kB. */
  truncated?: true;
  data: Record<string, unknown>;
}

/** `pending`: not tried yet, or to be tried again. `failed`: given up. `disabled`: the receiver answered 410. */
export const deliveryStateSchema = z.enum(['pending', 'delivered', 'failed', 'disabled']);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

export const webhookAttemptSchema = z.strictObject({
  at: z.iso.datetime(),
  durationSeconds: z.number().nonnegative(),
  /** HTTP status of the receiver; absent when it gave none. */
  status: z.int().optional(),
  /** Why there was no answer: an error code and its detail. */
  error: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
});
export type WebhookAttempt = z.infer<typeof webhookAttemptSchema>;

export const webhookDeliverySchema = z.strictObject({
  id: webhookIdSchema,
  subject: subjectIdSchema,
  type: z.string(),
  url: z.string(),
  state: deliveryStateSchema,
  /** Attempts since the end, or since the last replay. */
  tries: z.int().nonnegative(),
  nextAttemptAt: z.iso.datetime().optional(),
  /** The last ones, oldest first. */
  attempts: z.array(webhookAttemptSchema),
});
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;

export const deliveryQuerySchema = z.strictObject({ subject: subjectIdSchema });
export const deliveryListSchema = z.strictObject({ deliveries: z.array(webhookDeliverySchema) });

export const webhookTestSchema = z.strictObject({ url: z.url().max(2048) });
export const webhookTestResultSchema = z.strictObject({
  id: webhookIdSchema,
  /** Whether the receiver answered 2xx. */
  delivered: z.boolean(),
  attempt: webhookAttemptSchema,
});
export type WebhookTestResult = z.infer<typeof webhookTestResultSchema>;

export const webhookSecretSchema = z.strictObject({
  /** `whsec_` and 32 bytes in base64. */
  secret: z.string(),
  createdAt: z.iso.datetime(),
  /** Until when messages are signed with the secret before this one too. */
  previousUntil: z.iso.datetime().optional(),
});
export type WebhookSecret = z.infer<typeof webhookSecretSchema>;
