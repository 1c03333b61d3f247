/**
 * Batches: jobs submitted together, as clients send and see them.
 *
 * States: `expanding` (the source is being read into a manifest; work has begun already) → `running` → `succeeded` |
 * `completed_with_errors` | `failed` (every clip failed); from either of the first two `canceling` → `canceled`, or
 * `expired`. Pausing is not a state: it only stops new work from being handed out.
 */
import { z } from 'zod';
import { clipFactsSchema } from './clip.js';
import { jobErrorSchema, jobResultSchema, tenantSchema, uploadIdSchema } from './job.js';
import { modelIdSchema } from './model-card.js';
import { featureSpecSchema } from './feature-spec.js';

export const batchIdSchema = z.string().regex(/^b[0-9a-f]{32}$/, 'not a batch id');

export const batchStateSchema = z.enum([
  'expanding',
  'running',
  'canceling',
  'succeeded',
  'completed_with_errors',
  'failed',
  'canceled',
  'expired',
]);
export type BatchState = z.infer<typeof batchStateSchema>;

const endStates: ReadonlySet<BatchState> = new Set([
  'succeeded',
  'completed_with_errors',
  'failed',
  'canceled',
  'expired',
]);
export const isBatchEnded = (state: BatchState): boolean => endStates.has(state);

/** What kind of bytes a batch was given as. `clips`: a manifest of clips the tenant has stored by their SHA-256. */
export const batchFormatSchema = z.enum(['zip', 'tar', 'tar.gz', 'jsonl', 'csv']);
export type BatchFormat = z.infer<typeof batchFormatSchema>;

const flag = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0'])])
  .transform((value) => value === true || value === 'true' || value === '1');

/** Fields a client may set with any way of sending a batch; in the query where the body is an archive or a manifest. */
export const batchFieldsSchema = z.strictObject({
  /** Default: the server's preferred model. */
  model: modelIdSchema.optional(),
  /** Label for people. */
  name: z.string().min(1).max(255).optional(),
  /** Only probe the clips: do they decode, with which codec, rate, channels and length. `start` runs them afterwards. */
  preflight: flag.default(false),
  /** Take results of equal clips from earlier batches with the same model. */
  reuse: flag.default(true),
  /** Seconds until results are deleted. */
  retentionSeconds: z.coerce.number().int().min(60).max(31_536_000).optional(),
  /** Seconds until the audio is deleted; at most `retentionSeconds`. */
  audioRetentionSeconds: z.coerce.number().int().min(60).max(31_536_000).optional(),
  /** Seconds from submission until an unfinished batch becomes `expired`. */
  deadlineSeconds: z.coerce.number().int().min(1).max(2_592_000).optional(),
  /** Share of the machine relative to the tenant's other batches. */
  weight: z.coerce.number().min(0.01).max(100).default(1),
  webhookUrl: z.url().max(2048).optional(),
  /** What the body or upload is; default: told from its first bytes. */
  format: batchFormatSchema.optional(),
});
export type BatchFields = z.infer<typeof batchFieldsSchema>;

/** One clip of a manifest (a JSONL line, a CSV row, an element of `source.clips`): exactly one of `uri` and `sha256`. */
export const manifestEntrySchema = z.strictObject({
  uri: z.string().min(1).max(2048).optional(),
  /** Of a clip stored with `PUT /v1/clips/:sha256`, or of one whose result is known. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** The caller's own id. */
  id: z.string().min(1).max(255).optional(),
  /** Default: the path of the URI. Never used as a path, only shown. */
  path: z.string().min(1).max(1024).optional(),
  /** Label the caller knows to be right: the summary then says how often the model agrees. */
  expected: z.string().min(1).max(64).optional(),
  bytes: z.coerce.number().int().nonnegative().optional(),
});
export type ManifestEntry = z.infer<typeof manifestEntrySchema>;

export const batchJsonSchema = batchFieldsSchema.extend({
  source: z.union([
    z.strictObject({ uploadId: uploadIdSchema }),
    z.strictObject({ uris: z.array(z.string().min(1).max(2048)).min(1).max(10_000) }),
    z.strictObject({ clips: z.array(manifestEntrySchema).min(1).max(10_000) }),
    /** `s3://bucket/prefix` or `file:///folder/`, inside one of the operator's IMPORT_URLS. */
    z.strictObject({ prefix: z.string().min(1).max(2048) }),
  ]),
});

/** Where the bytes of a batch come from. */
export const batchSourceSchema = z.discriminatedUnion('kind', [
  /** An object of the store, or the parts of a resumable upload laid end to end. */
  z.strictObject({
    kind: z.literal('object'),
    /** Where the caller said; else told from the first bytes when it is read. */
    format: batchFormatSchema.optional(),
    parts: z.array(z.strictObject({ key: z.string(), bytes: z.int().nonnegative() })).min(1),
    sha256: z.string().optional(),
  }),
  /** Every object under a prefix of an import store (by its position in IMPORT_URLS). */
  z.strictObject({ kind: z.literal('prefix'), store: z.int().nonnegative(), prefix: z.string(), shown: z.string() }),
  /** The clips of another batch: `rescore`, or `start` after a preflight. */
  z.strictObject({ kind: z.literal('batch'), batchId: batchIdSchema }),
]);
export type BatchSource = z.infer<typeof batchSourceSchema>;

/** What was accepted: immutable, stored as `spec.json` and in the batch record. */
export const batchSpecSchema = z.strictObject({
  v: z.literal(1),
  id: batchIdSchema,
  tenant: tenantSchema,
  name: z.string(),
  source: batchSourceSchema,
  model: modelIdSchema,
  modelDigest: z.string(),
  featureDigest: z.string(),
  features: featureSpecSchema,
  preflight: z.boolean(),
  reuse: z.boolean(),
  weight: z.number().positive(),
  createdAtMs: z.number(),
  deadlineAtMs: z.number(),
  audioExpiresAtMs: z.number(),
  expiresAtMs: z.number(),
  traceparent: z.string(),
  webhookUrl: z.string().optional(),
  /** Clips without an expected label get that of their folder; `labels` are the model's. */
  evaluation: z.strictObject({ labels: z.array(z.string()) }).optional(),
});
export type BatchSpec = z.infer<typeof batchSpecSchema>;

/** Where the bytes of one clip of a batch are. */
export const clipRefSchema = z.discriminatedUnion('kind', [
  /** A slice of the batch's source: `bytes` at `offset`, stored as they are or deflated (raw, RFC 1951). */
  z.strictObject({
    kind: z.literal('range'),
    offset: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    method: z.enum(['store', 'deflate']),
    /** Of the inflated copy of a gzipped tar, not of the source itself. */
    inflated: z.boolean().optional(),
  }),
  /** A whole object of our own store. */
  z.strictObject({ kind: z.literal('object'), key: z.string() }),
  z.strictObject({ kind: z.literal('uri'), uri: z.string() }),
  /** An object of an import store. */
  z.strictObject({ kind: z.literal('import'), store: z.int().nonnegative(), key: z.string() }),
]);
export type ClipRef = z.infer<typeof clipRefSchema>;

/** Raw answers of the model for each window, so that results can be rendered again with other thresholds. Base64, little-endian. */
export const windowAnswersSchema = z.strictObject({
  /** F32 `[windows, labels]`, as the graph answered. */
  outputs: z.string(),
  /** F32 `[windows]`. */
  rmsDbfs: z.string(),
  /** F64 `[windows, 2]`: start and end in seconds. */
  offsets: z.string(),
});
export type WindowAnswers = z.infer<typeof windowAnswersSchema>;

/** How one clip of a batch ended: a line of a result object. */
export const itemResultSchema = z.strictObject({
  index: z.int().nonnegative(),
  path: z.string(),
  id: z.string().optional(),
  expected: z.string().optional(),
  state: z.enum(['succeeded', 'failed']),
  clip: clipFactsSchema
    .partial()
    .extend({ bytes: z.int().nonnegative().optional(), sha256: z.string().optional() })
    .strict(),
  /** Absent for a failed clip and for a preflight. */
  result: jobResultSchema.optional(),
  windows: windowAnswersSchema.optional(),
  error: jobErrorSchema.optional(),
  modelDigest: z.string().optional(),
  provider: z.string().optional(),
  /** The earlier result this one was taken from. */
  reused: z.strictObject({ batchId: batchIdSchema, index: z.int().nonnegative() }).optional(),
  /** First clip of the batch with the same content. */
  duplicateOf: z.int().nonnegative().optional(),
  finishedAtMs: z.number(),
});
export type ItemResult = z.infer<typeof itemResultSchema>;

/** One clip of a batch: a line of a manifest shard. `done`: decided when the source was read (damaged entry, known result). */
export const batchItemSchema = z.strictObject({
  index: z.int().nonnegative(),
  /** As the archive or the caller named it, for people; never a path of ours. */
  path: z.string(),
  id: z.string().optional(),
  expected: z.string().optional(),
  /** Of the clip itself (after inflating). */
  bytes: z.int().nonnegative().optional(),
  sha256: z.string().optional(),
  ref: clipRefSchema.optional(),
  duplicateOf: z.int().nonnegative().optional(),
  done: itemResultSchema.optional(),
});
export type BatchItem = z.infer<typeof batchItemSchema>;

export const itemStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'canceled', 'expired']);
export type ItemState = z.infer<typeof itemStateSchema>;

/** A clip of a batch as clients see it. `jobId` is good for `GET /v1/jobs/:id`. */
export const itemViewSchema = itemResultSchema
  .omit({ windows: true, state: true, finishedAtMs: true, clip: true })
  .extend({
    jobId: z.string(),
    state: itemStateSchema,
    clip: itemResultSchema.shape.clip,
    finishedAt: z.iso.datetime().optional(),
  });
export type ItemView = z.infer<typeof itemViewSchema>;

const countSchema = z.int().nonnegative();

/** A batch as clients see it. */
export const batchViewSchema = z.strictObject({
  id: batchIdSchema,
  state: batchStateSchema,
  paused: z.boolean(),
  name: z.string(),
  model: modelIdSchema,
  preflight: z.boolean(),
  /** The batch whose clips these are, for `rescore` and `start`. */
  clipsOf: batchIdSchema.optional(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  /** Clips found so far; final once the state is not `expanding`. */
  clips: z.strictObject({
    total: countSchema,
    queued: countSchema,
    running: countSchema,
    succeeded: countSchema,
    failed: countSchema,
    canceled: countSchema,
    /** Of the succeeded: taken from earlier results, or from an equal clip of this batch. */
    reused: countSchema,
  }),
  failuresByCode: z.record(z.string(), countSchema),
  /** Decisions so far: labels of the model, `unknown`, `mute`. */
  decisions: z.record(z.string(), countSchema),
  audioSeconds: z.strictObject({ total: z.number().nonnegative(), done: z.number().nonnegative() }),
  rate: z
    .strictObject({ clipsPerSecond: z.number().nonnegative(), audioSecondsPerSecond: z.number().nonnegative() })
    .optional(),
  /** Seconds to the end, with the range the recent pace allows. */
  eta: z
    .strictObject({
      seconds: z.number().nonnegative(),
      lowSeconds: z.number().nonnegative(),
      highSeconds: z.number().nonnegative(),
    })
    .optional(),
  /** Why nothing is being done just now, in a code and a sentence. */
  waiting: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
  /** Why the batch as a whole failed: an archive that cannot be read. */
  error: jobErrorSchema.optional(),
  deadlineAt: z.iso.datetime(),
  audioExpiresAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type BatchView = z.infer<typeof batchViewSchema>;

/** What `GET /v1/batches/:id/events` sends; `revision` grows with every change of the batch. */
export const batchEventSchema = z.strictObject({ revision: z.int().nonnegative(), batch: batchViewSchema });
export type BatchEvent = z.infer<typeof batchEventSchema>;

/** `<batchId>-<index>`: a clip of a batch where a job id is expected. */
export function parseItemJobId(id: string): { batchId: string; index: number } | undefined {
  const [, batchId, index] = /^(b[0-9a-f]{32})-(\d{1,9})$/.exec(id) ?? [];
  return batchId && index ? { batchId, index: Number(index) } : undefined;
}
