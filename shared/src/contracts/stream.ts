/**
 * Live audio: what passes over `WS /v1/stream`. The client sends binary messages (mono PCM, little-endian, cut anywhere) and
 * `{"type":"end"}`; the server sends the messages below, `ready` first and `end` last.
 */
import { z } from 'zod';
import { jobIdSchema } from './job.js';
import { modelIdSchema } from './model-card.js';

/** Subprotocol of the service. */
export const streamProtocol = 'timbre';
/** A browser cannot set headers: it offers its key as a second subprotocol with this prefix. */
export const streamKeyPrefix = 'timbre-key.';

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

export const streamFormatSchema = z.enum(['pcm16', 'f32']);
export type StreamFormat = z.infer<typeof streamFormatSchema>;

export const streamQuerySchema = z.strictObject({
  /** Samples per second that the client sends. */
  rate: z.coerce.number().int().min(8000).max(192_000),
  format: streamFormatSchema.default('pcm16'),
  /** Default: the server's preferred model. */
  model: modelIdSchema.optional(),
  /** Keep everything that is sent, and make it a job at the end. */
  save: flag.default(false),
  /** Of the job it becomes. */
  name: z.string().min(1).max(255).optional(),
});
export type StreamQuery = z.infer<typeof streamQuerySchema>;

export const streamClientMessageSchema = z.strictObject({ type: z.literal('end') });

const seconds = z.number().nonnegative();
const count = z.int().nonnegative();

export const streamReadySchema = z.strictObject({
  type: z.literal('ready'),
  sessionId: z.string(),
  model: modelIdSchema,
  labels: z.array(z.string()),
  windowSeconds: seconds,
  hopSeconds: seconds,
});

export const streamWindowSchema = z.strictObject({
  type: z.literal('window'),
  /** Counts every window from 0; where windows were skipped it leaps by as many as `lagging` tells. */
  seq: count,
  startSeconds: seconds,
  endSeconds: seconds,
  decision: z.enum(['label', 'unknown', 'mute']),
  /** The label, the best guess behind `unknown`, `null` for `mute`. */
  label: z.string().nullable(),
  confidence: z.number().min(0).max(1),
  scores: z.record(z.string(), z.number()),
  rmsDbfs: z.number(),
  /** From the arrival of the last sample of the window to this message. */
  latencyMs: z.number().nonnegative(),
});
export type StreamWindow = z.infer<typeof streamWindowSchema>;

/** In place of windows that were not looked at, because those before them are not done. */
export const streamLaggingSchema = z.strictObject({ type: z.literal('lagging'), skipped: z.int().positive() });

/** With `seq`: this window failed, and the session goes on. Without: the session ends. */
export const streamErrorSchema = z.strictObject({
  type: z.literal('error'),
  code: z.string(),
  detail: z.string(),
  seq: count.optional(),
});

export const streamEndSchema = z.strictObject({
  type: z.literal('end'),
  receivedSamples: count,
  durationSeconds: seconds,
  /** The saved take. */
  jobId: jobIdSchema.optional(),
});

export const streamServerMessageSchema = z.discriminatedUnion('type', [
  streamReadySchema,
  streamWindowSchema,
  streamLaggingSchema,
  streamErrorSchema,
  streamEndSchema,
]);
export type StreamServerMessage = z.infer<typeof streamServerMessageSchema>;
