/** Jobs: what a client sends, what it sees, and what travels about them between processes. */
import { z } from 'zod';
import { clipQualitySchema } from './clip.js';
import { featureSpecSchema } from './feature-spec.js';
import { modelIdSchema } from './model-card.js';

export const laneSchema = z.enum(['interactive', 'bulk']);
export type Lane = z.infer<typeof laneSchema>;

export const jobStateSchema = z.enum([
  'queued',
  'preprocessing',
  'inferring',
  'succeeded',
  'failed',
  'canceled',
  'expired',
]);
export type JobState = z.infer<typeof jobStateSchema>;

export const terminalStates = ['succeeded', 'failed', 'canceled', 'expired'] as const satisfies JobState[];
export type TerminalState = (typeof terminalStates)[number];

export function isTerminal(state: JobState): state is TerminalState {
  return (terminalStates as readonly JobState[]).includes(state);
}

/** 128 random bits in lower-case hex behind a letter, so an id is never all digits. */
export const jobIdSchema = z.string().regex(/^j[0-9a-f]{32}$/, 'not a job id');
export const uploadIdSchema = z.string().regex(/^u[0-9a-f]{32}$/, 'not an upload id');
export const tenantSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits, dashes');

/** Fields a client may set with any way of sending a clip. */
export const submitFieldsSchema = z.strictObject({
  /** Default: the first model of the server's preference list. */
  model: modelIdSchema.optional(),
  lane: laneSchema.default('interactive'),
  /** Seconds until results and audio are deleted. */
  retentionSeconds: z.coerce.number().int().min(60).max(31_536_000).optional(),
  /** Seconds from submission until an unfinished job becomes `expired`. */
  deadlineSeconds: z.coerce.number().int().min(1).max(604_800).optional(),
  /** Label for people; never a path. */
  name: z.string().min(1).max(255).optional(),
  /** Told once when the job has ended. */
  webhookUrl: z.url().max(2048).optional(),
});
export type SubmitFields = z.infer<typeof submitFieldsSchema>;

export const submitJsonSchema = submitFieldsSchema.extend({
  source: z.union([z.strictObject({ uri: z.url().max(2048) }), z.strictObject({ uploadId: uploadIdSchema })]),
});

/** Where the bytes of a clip are, or come from. */
export const clipSourceSchema = z.strictObject({
  /** Object key of the audio; for a URI, where the fetched bytes go. */
  key: z.string(),
  bytes: z.int().nonnegative().optional(),
  sha256: z.string().optional(),
  uri: z.string().optional(),
});

/** What was accepted: immutable, stored as `submission.json` beside the audio and as `spec` in the job record. */
export const jobSpecSchema = z.strictObject({
  v: z.literal(1),
  id: jobIdSchema,
  tenant: tenantSchema,
  lane: laneSchema,
  model: modelIdSchema,
  modelDigest: z.string(),
  featureDigest: z.string(),
  /** In full, so preprocessing needs no model. */
  features: featureSpecSchema,
  name: z.string(),
  source: clipSourceSchema,
  createdAtMs: z.number(),
  deadlineAtMs: z.number(),
  expiresAtMs: z.number(),
  /** Seconds of audio, as guessed from the bytes until the clip is decoded. */
  estimatedSeconds: z.number().nonnegative(),
  uploadSeconds: z.number().nonnegative(),
  traceparent: z.string(),
  retryOf: jobIdSchema.optional(),
  webhookUrl: z.string().optional(),
  /** A window of a live stream: in no list, never archived, and deleted with all its data once it is answered. */
  fleeting: z.literal(true).optional(),
});
export type JobSpec = z.infer<typeof jobSpecSchema>;

const secondsSchema = z.number().nonnegative();
const decisionSchema = z.enum(['label', 'unknown', 'mute']);

export const segmentSchema = z.strictObject({
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  /** A label of the model, or `unknown` or `mute`. */
  label: z.string(),
  confidence: z.number().min(0).max(1),
});
export type Segment = z.infer<typeof segmentSchema>;

export const jobResultSchema = z.strictObject({
  decision: decisionSchema,
  /** The model's label when `decision` is `label`, else the best guess for `unknown` and `null` for `mute`. */
  label: z.string().nullable(),
  confidence: z.number().min(0).max(1),
  scores: z.record(z.string(), z.number()),
  segments: z.array(segmentSchema),
  quality: clipQualitySchema,
  warnings: z.array(z.string()),
});
export type JobResult = z.infer<typeof jobResultSchema>;

export const clipViewSchema = z.strictObject({
  name: z.string(),
  bytes: z.int().nonnegative().optional(),
  sha256: z.string().optional(),
  format: z.string().optional(),
  codec: z.string().optional(),
  sampleRateHz: z.number().optional(),
  channels: z.int().optional(),
  durationSeconds: z.number().optional(),
});

export const timingsSchema = z.strictObject({
  uploadSeconds: secondsSchema,
  /** From acceptance to the start of preprocessing. */
  waitSeconds: secondsSchema.optional(),
  preprocessSeconds: secondsSchema.optional(),
  /** From the stored tensor pack to the start of the ONNX run, batching included. */
  inferWaitSeconds: secondsSchema.optional(),
  inferSeconds: secondsSchema.optional(),
  totalSeconds: secondsSchema.optional(),
});
export type JobTimings = z.infer<typeof timingsSchema>;

export const jobErrorSchema = z.strictObject({
  code: z.string(),
  title: z.string(),
  detail: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type JobError = z.infer<typeof jobErrorSchema>;

/** A job as clients see it. */
export const jobViewSchema = z.strictObject({
  /** Of a clip of a batch: `<batchId>-<index>`. */
  id: z.string().regex(/^(j[0-9a-f]{32}|b[0-9a-f]{32}-[0-9]{1,9})$/, 'not a job id'),
  state: jobStateSchema,
  lane: laneSchema,
  model: modelIdSchema,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  clip: clipViewSchema,
  result: jobResultSchema.optional(),
  error: jobErrorSchema.optional(),
  provenance: z
    .strictObject({
      modelDigest: z.string(),
      featureDigest: z.string(),
      decoder: z.string().optional(),
      provider: z.string().optional(),
      version: z.string(),
    })
    .optional(),
  timings: timingsSchema,
  attempts: z.int().nonnegative(),
  retryOf: jobIdSchema.optional(),
  deadlineAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type JobView = z.infer<typeof jobViewSchema>;

/** One entry of a job's log, and the message on its channel; `seq` counts from 1 without gaps. */
export const jobEventSchema = z.strictObject({
  seq: z.int().positive(),
  atMs: z.number(),
  state: jobStateSchema,
  /** Only on the terminal event: the finished job itself. */
  job: jobViewSchema.optional(),
});
export type JobEvent = z.infer<typeof jobEventSchema>;
