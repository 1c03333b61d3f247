/** What the document says of a model, whether its graph is in the repository or too large for it. */
import { z } from 'zod';
import { featureSpecSchema } from '@timbre/shared/contracts/feature-spec';
import { modelCardSchema, modelMetricsSchema } from '@timbre/shared/contracts/model-card';

const thresholdRowSchema = z.looseObject({
  threshold: z.number(),
  coverage: z.number(),
  precision: z.number(),
  foreignRefused: z.number(),
});
export type ThresholdRow = z.infer<typeof thresholdRowSchema>;

const calibrationSchema = z.looseObject({
  eceBefore: z.number().optional(),
  eceAfter: z.number().optional(),
  thresholds: z.array(thresholdRowSchema).default([]),
});

/** What `training/` writes about how a model was made; every part may be missing in cards of other origin. */
export const madeSchema = z.looseObject({
  command: z.string().optional(),
  note: z.string().optional(),
  machine: z.string().optional(),
  trainedSeconds: z.number().optional(),
  parameters: z.number().optional(),
  onnxBytes: z.number().optional(),
  commit: z.string().optional(),
  /** Source and label → clips. */
  data: z.record(z.string(), z.number()).optional(),
  calibration: calibrationSchema.optional(),
});
export type Made = z.infer<typeof madeSchema>;

/** `training/results/<id>.json`: the figures of a model whose graph is not in the repository. */
export const resultsSchema = madeSchema.extend({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  labels: z.array(z.string()),
  features: featureSpecSchema,
  temperature: z.number(),
  thresholds: modelCardSchema.shape.thresholds,
  metrics: z.array(modelMetricsSchema),
});

export interface DocumentedModel extends Pick<
  z.infer<typeof resultsSchema>,
  'id' | 'version' | 'title' | 'labels' | 'features' | 'temperature' | 'thresholds' | 'metrics'
> {
  made: Made;
  parameters: number | undefined;
  onnxBytes: number | undefined;
  /** Rules of the card; unknown for a model that is not here. */
  rules: { silenceGateDbfs: number; smoothingWindows: number; mergeGapSeconds: number; clipRule: string } | undefined;
  /** Of a model that is here. */
  modelDigest: string | undefined;
  licence: string | undefined;
}
