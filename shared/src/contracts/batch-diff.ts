/** What changed between two batches over the same clips. */
import { z } from 'zod';
import { jobResultSchema } from './job.js';

const sideSchema = z.strictObject({
  /** `absent`: this batch has no result of the clip, neither good nor bad. */
  state: z.enum(['succeeded', 'failed', 'absent']),
  decision: jobResultSchema.shape.decision.nullable(),
  label: z.string().nullable(),
  confidence: z.number().min(0).max(1).nullable(),
  errorCode: z.string().optional(),
});
export type DiffSide = z.infer<typeof sideSchema>;

/**
 * The strongest thing that changed: `state` (or the error), then `decision` (label, unknown, mute), then the `label`, then
 * the `confidence` alone.
 */
export const changeKindSchema = z.enum(['state', 'decision', 'label', 'confidence']);
export type ChangeKind = z.infer<typeof changeKindSchema>;

export const itemChangeSchema = z.strictObject({
  index: z.int().nonnegative(),
  path: z.string(),
  before: sideSchema,
  after: sideSchema,
  kind: changeKindSchema,
});
export type ItemChange = z.infer<typeof itemChangeSchema>;

const count = z.int().nonnegative();

export const batchDiffReportSchema = z.strictObject({
  clips: count,
  unchanged: count,
  changes: z.record(changeKindSchema, count),
  /** Every pair that occurs, most clips first; names are labels, `unknown`, `mute`, `failed`, `absent`, `probed` (a preflight). */
  transitions: z.array(z.strictObject({ from: z.string(), to: z.string(), clips: count })),
});
export type BatchDiffReport = z.infer<typeof batchDiffReportSchema>;
