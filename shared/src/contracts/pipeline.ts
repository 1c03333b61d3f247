/**
 * The whole route of a job in one object: its stages, their queues, states and limits.
 *
 * A task is a reference: it names the job and the stage, and carries the trace. Everything else is in the job record, so
 * a task that is delivered twice, late or after a restart cannot disagree with it. BullMQ keys derive from these names
 * (`bull:<queue>:wait`); autoscalers rely on them.
 */
import { z } from 'zod';
import { batchIdSchema } from './batch.js';
import { jobIdSchema, laneSchema, tenantSchema, type JobState } from './job.js';

export const stageNames = ['preprocess', 'infer'] as const;
export type StageName = (typeof stageNames)[number];

/** `quarantine` holds tasks whose process died once; one of them runs alone in its process. */
export const queueLanes = ['interactive', 'bulk', 'quarantine'] as const;
export type QueueLane = (typeof queueLanes)[number];

export interface Stage {
  readonly queues: Readonly<Record<QueueLane, string>>;
  /** State of a job while this stage has it. */
  readonly state: JobState;
  readonly next: StageName | null;
  /** Failures of the clip's own making before the job fails; waits for Redis or storage do not count. */
  readonly maxAttempts: number;
  /** One attempt may take this long before it is aborted. */
  readonly attemptTimeoutMs: number;
}

export const pipeline: Readonly<Record<StageName, Stage>> = {
  preprocess: {
    queues: {
      interactive: 'preprocess-interactive',
      bulk: 'preprocess-bulk',
      quarantine: 'preprocess-quarantine',
    },
    state: 'preprocessing',
    next: 'infer',
    maxAttempts: 5,
    attemptTimeoutMs: 900_000,
  },
  infer: {
    queues: { interactive: 'infer-interactive', bulk: 'infer-bulk', quarantine: 'infer-quarantine' },
    state: 'inferring',
    next: null,
    maxAttempts: 5,
    attemptTimeoutMs: 120_000,
  },
};

/** Deaths of its process after which a clip is failed as `item_quarantined`. */
export const maxDeaths = 3;

export const taskSchema = z.strictObject({
  v: z.literal(1),
  jobId: jobIdSchema,
  stage: z.enum(stageNames),
  lane: laneSchema,
  traceparent: z.string(),
  enqueuedAtMs: z.number(),
});
export type Task = z.infer<typeof taskSchema>;

export function queueFor(stage: StageName, lane: QueueLane): string {
  return pipeline[stage].queues[lane];
}

/** All queues with their place in the route, for metrics, health and the operators' board. */
export function allQueues(): { stage: StageName; lane: QueueLane; queue: string }[] {
  return stageNames.flatMap((stage) => queueLanes.map((lane) => ({ stage, lane, queue: queueFor(stage, lane) })));
}

/** Where a tensor pack lies, as the preprocess stage hands it on. */
export const packReferenceSchema = z.strictObject({
  key: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
  windows: z.int().positive(),
});
export type PackReference = z.infer<typeof packReferenceSchema>;

/** Deterministic, so adding a task again while it waits changes nothing. `generation` counts remade tensor packs. */
export function taskId(jobId: string, stage: StageName, generation: number, quarantine = false): string {
  return `${jobId}-${stage}-${generation}${quarantine ? '-q' : ''}`;
}

/**
 * A run of clips of one batch: the unit of work in the bulk lane. Slices are cut once, when the source is read, so what is
 * known of a slice (done or not, failures in it) fits in a bit and a token.
 */
export const sliceSchema = z.strictObject({
  /** Counted through the batch. */
  slice: z.int().nonnegative(),
  shard: z.int().nonnegative(),
  /** Index of its first clip in the batch. */
  from: z.int().nonnegative(),
  count: z.int().positive(),
  /** Where its lines lie in the manifest shard. */
  offset: z.int().nonnegative(),
  bytes: z.int().positive(),
  /** Estimated from the bytes of the clips. */
  audioMs: z.int().nonnegative(),
});
export type Slice = z.infer<typeof sliceSchema>;

/** `resume`: where reading the source goes on behind this shard. */
export const shardIndexSchema = z.strictObject({ v: z.literal(1), resume: z.string(), slices: z.array(sliceSchema) });

export const sliceTaskSchema = sliceSchema.extend({
  v: z.literal(1),
  kind: z.literal('slice'),
  batchId: batchIdSchema,
  tenant: tenantSchema,
  stage: z.enum(stageNames),
  /** Token of the manifest shard. */
  shardToken: z.string(),
  /** Times failed clips of the batch were sent through again. */
  round: z.int().nonnegative(),
  traceparent: z.string(),
  enqueuedAtMs: z.number(),
});
export type SliceTask = z.infer<typeof sliceTaskSchema>;

/** Deterministic, as `taskId`. */
export function sliceTaskId(
  { batchId, slice, stage, round }: Pick<SliceTask, 'batchId' | 'slice' | 'stage' | 'round'>,
  generation: number,
  quarantine = false,
): string {
  return `${batchId}-${slice}-${stage}-${round}-${generation}${quarantine ? '-q' : ''}`;
}

/** Reading the source of a batch into its manifest has a queue of its own; preprocess takes it. */
export const expandQueue = 'expand';
export const expandTaskSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('expand'),
  batchId: batchIdSchema,
  traceparent: z.string(),
  enqueuedAtMs: z.number(),
});
export type ExpandTask = z.infer<typeof expandTaskSchema>;
