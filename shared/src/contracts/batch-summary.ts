/** What a batch adds up to. */
import { z } from 'zod';

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const fraction = z.number().min(0).max(1);

/** A counted share with its 95 % Wilson score interval; `null` where there is nothing to count. */
export const shareSchema = z.strictObject({
  count,
  of: count,
  share: fraction.nullable(),
  interval: z.tuple([fraction, fraction]).nullable(),
});

/** Rows: what clips are; columns: what they were taken for; both in the order of the model, then `unknown`, `mute`. */
export const confusionSchema = z.strictObject({
  rows: z.array(z.string()),
  columns: z.array(z.string()),
  /** `[rows][columns]` */
  counts: z.array(z.array(count)),
});

/** Clips and time of one name: a label of the model, `unknown` or `mute`. */
const heardSchema = z.strictObject({
  name: z.string(),
  /** Clips decided so as a whole. */
  clips: count,
  segments: count,
  /** Sum of the segments of this name, in whichever clips. */
  hours: z.number().nonnegative(),
});

export const batchSummarySchema = z.strictObject({
  clips: z.strictObject({ total: count, succeeded: count, failed: count, reused: count, duplicates: count }),
  /** Labels with the most time first, then `unknown` and `mute`. */
  instruments: z.array(heardSchema),
  /** Shares of the clips that have a result. */
  unknown: shareSchema,
  mute: shareSchema,
  /** Of clips decided as a label or `unknown`; `to` is exclusive except in the last bin. */
  confidence: z.array(z.strictObject({ from: fraction, to: fraction, clips: count })),
  failuresByCode: z.record(z.string(), count),
  /** Of clips whose length is known. */
  durations: z.strictObject({
    clips: count,
    totalSeconds: seconds,
    meanSeconds: seconds.nullable(),
    shortestSeconds: seconds.nullable(),
    longestSeconds: seconds.nullable(),
  }),
  formats: z.record(z.string(), count),
  /** Only where clips came with an expected label. */
  agreement: z
    .strictObject({
      /** Clips with an expected label and a result that was right: of all such clips with a result. */
      accuracy: shareSchema,
      /** Clips with an expected label that failed; not in `accuracy`. */
      failed: count,
      confusion: confusionSchema,
      /** Expected labels the model does not know, taken for foreign sounds: right is `unknown`. At most 100 of them. */
      foreignLabels: z.record(z.string(), count),
    })
    .optional(),
});
export type BatchSummary = z.infer<typeof batchSummarySchema>;
