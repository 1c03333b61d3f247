/** What an evaluation, a batch over clips whose labels are known, says of its model. */
import { z } from 'zod';
import { batchIdSchema, batchStateSchema } from './batch.js';
import { confusionSchema, shareSchema } from './batch-summary.js';
import { modelIdSchema } from './model-card.js';

const count = z.int().nonnegative();
const fraction = z.number().min(0).max(1);

export const mistakeSchema = z.strictObject({
  /** Good for `GET /v1/jobs/:id`, its audio and its features. */
  jobId: z.string(),
  path: z.string(),
  expected: z.string(),
  decision: z.string(),
  /** The best label, also behind `unknown`; `null` for mute. */
  guess: z.string().nullable(),
  confidence: fraction,
});
export type Mistake = z.infer<typeof mistakeSchema>;

export const evaluationFiguresSchema = z.strictObject({
  accuracy: shareSchema,
  coverage: shareSchema,
  accuracyWhereCovered: shareSchema,
  bestGuess: shareSchema,
  rejection: shareSchema,
  rejectionByLabel: z.array(z.strictObject({ label: z.string(), rejection: shareSchema })),
  overall: shareSchema,
  classes: z.array(
    z.strictObject({
      label: z.string(),
      support: count,
      precision: fraction.nullable(),
      recall: fraction.nullable(),
      f1: fraction.nullable(),
    }),
  ),
  confusion: confusionSchema,
  calibration: z.strictObject({
    expectedCalibrationError: fraction.nullable(),
    clips: count,
    bins: z.array(
      z.strictObject({
        from: fraction,
        to: fraction,
        clips: count,
        meanConfidence: fraction.nullable(),
        accuracy: fraction.nullable(),
      }),
    ),
  }),
});

export const evaluationReportSchema = z.strictObject({
  clips: z.strictObject({
    /** That have ended so far. */
    total: count,
    /** With a label and a result: those the figures are about. */
    judged: count,
    failed: count,
    /** That lie in no folder and have no `expected`. */
    unlabelled: count,
  }),
  /** Labels the model does not know, taken for foreign sounds: right is `unknown` or `mute`. At most 100 of them. */
  foreignLabels: z.record(z.string(), count),
  figures: evaluationFiguresSchema,
  /** Wrong labels, the most confident first. */
  mistakes: z.array(mistakeSchema),
});
export type EvaluationReport = z.infer<typeof evaluationReportSchema>;

/** An evaluation as clients see it; the figures grow while it runs. */
export const evaluationViewSchema = evaluationReportSchema.extend({
  id: batchIdSchema,
  state: batchStateSchema,
  name: z.string(),
  model: modelIdSchema,
  modelDigest: z.string(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  /** Clips found, ended or not. */
  found: count,
});
export type EvaluationView = z.infer<typeof evaluationViewSchema>;
