/**
 * Schemas of answers that have no contract of their own, because nothing parses them on our side. Each is tied to the type
 * the route answers with, so the two cannot part.
 */
import { z } from 'zod';
import { errorCatalog, type ErrorCode } from '@timbre/shared/error-catalog';
import { batchViewSchema, itemViewSchema } from '@timbre/shared/contracts/batch';
import { batchDiffReportSchema, itemChangeSchema } from '@timbre/shared/contracts/batch-diff';
import { jobViewSchema, uploadIdSchema } from '@timbre/shared/contracts/job';
import { modelCardSchema } from '@timbre/shared/contracts/model-card';
import type { Readiness } from '@timbre/shared/observability/admin-server';
import type { JobPage } from '../jobs/job-reader.js';
import type { limitsView } from '../limits/limits-view.js';

export const errorCodeSchema = z.enum(Object.keys(errorCatalog) as [ErrorCode, ...ErrorCode[]]);

/** `detail`, `instance` and `requestId` are missing only where a request could not be read at all. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().optional(),
  instance: z.string().optional(),
  code: errorCodeSchema,
  retryable: z.boolean(),
  requestId: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const jobPageSchema = z.strictObject({
  jobs: z.array(jobViewSchema),
  nextCursor: z.string().nullable(),
}) satisfies z.ZodType<JobPage>;

export const batchPageSchema = z.strictObject({
  batches: z.array(batchViewSchema),
  nextCursor: z.string().nullable(),
});

export const itemPageSchema = z.strictObject({ items: z.array(itemViewSchema), nextCursor: z.string().nullable() });

export const batchDiffSchema = batchDiffReportSchema.extend({
  before: z.string(),
  after: z.string(),
  items: z.array(itemChangeSchema),
});

export const missingClipsAnswerSchema = z.strictObject({ missing: z.array(z.string()) });

export const modelViewSchema = modelCardSchema.safeExtend({
  modelDigest: z.string(),
  featureDigest: z.string(),
  isDefault: z.boolean(),
});

export const modelPageSchema = z.strictObject({ models: z.array(modelViewSchema), nextCursor: z.null() });

export const predictedClassSchema = z.strictObject({ predicted_class: z.string() });

export const presignedUploadSchema = z.strictObject({
  uploadId: uploadIdSchema,
  method: z.literal('PUT'),
  url: z.url(),
  headers: z.record(z.string(), z.string()),
  expiresAt: z.iso.datetime(),
});

export const storedUploadSchema = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() });

export const healthSchema = z.strictObject({ status: z.literal('ok') });

export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  checks: z.record(z.string(), z.string()),
}) satisfies z.ZodType<Readiness>;

const count = z.int().nonnegative();

export const limitsSchema = z.strictObject({
  file: z.strictObject({
    maxBytes: count,
    maxDurationSeconds: count,
    maxChannels: count,
    sampleRateHz: z.strictObject({ min: count, max: count }),
  }),
  requests: z.strictObject({
    perSecond: count,
    burst: count,
    maxJsonBytes: count,
    maxUrlLength: count,
    maxHeaderBytes: count,
  }),
  uploads: z.strictObject({ maxBytes: count, parallelPerTenant: count, minBytesPerSecond: count }),
  batches: z.strictObject({
    maxClips: count,
    maxArchiveBytes: count,
    maxListedClips: count,
    maxLive: count,
    deadlineSeconds: count,
    retentionSeconds: count,
  }),
  streams: z.strictObject({ openPerTenant: count }),
  liveSessions: z.strictObject({
    openPerTenant: count,
    openInAll: count,
    maxSeconds: count,
    maxMessageBytes: count,
    idleSeconds: count,
  }),
  jobs: z.strictObject({
    maxBacklog: count,
    deadlineSeconds: z.strictObject({ interactive: count, bulk: count }),
    retentionSeconds: count,
    maxWaitSeconds: count,
  }),
}) satisfies z.ZodType<ReturnType<typeof limitsView>>;

export const queuePausedSchema = z.strictObject({ queue: z.string(), paused: z.boolean() });
