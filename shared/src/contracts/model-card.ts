/**
 * Model card: what a folder `models/<id>/model.json` says about the ONNX file beside it.
 *
 * The services know models only through this card; nothing in them knows instruments. A card that does not fit its
 * graph is refused when the worker loads it.
 */
import { z } from 'zod';
import { featureSpecSchema } from './feature-spec.js';

export const modelIdSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'lower-case letters, digits and inner dashes, at most 64');

const labelSchema = z.string().min(1).max(64);
const fraction = z.number().min(0).max(1);

/** Accuracy measured on one named evaluation set, with the command that reproduces it. */
export const modelMetricsSchema = z.strictObject({
  set: z.string(),
  clips: z.int().nonnegative(),
  accuracy: fraction,
  /** Rows: true label, columns: decision; both in the order of `labels`, then `unknown`, `mute` where present. */
  confusion: z.array(z.array(z.int().nonnegative())).optional(),
  recall: z.record(z.string(), fraction).optional(),
  precision: z.record(z.string(), fraction).optional(),
  expectedCalibrationError: fraction.optional(),
  coverage: fraction.optional(),
  command: z.string(),
  note: z.string().optional(),
});

export const modelCardSchema = z
  .strictObject({
    id: modelIdSchema,
    version: z.string().min(1).max(64),
    title: z.string().min(1).max(200),
    labels: z.array(labelSchema).min(2).max(1000),
    features: featureSpecSchema,
    input: z.strictObject({
      name: z.string(),
      /** Batch axis first, `null` where it is free: `[null, 1, 15, 173]`. */
      dims: z.array(z.int().positive().nullable()).min(2).max(5),
    }),
    output: z.strictObject({ name: z.string(), kind: z.enum(['logits', 'probabilities']) }),
    /** Divides the logits before softmax (temperature scaling, Guo et al. 2017). */
    temperature: z.number().positive().default(1),
    /** A window or clip whose best score is below this is `unknown`. */
    thresholds: z.strictObject({ unknown: fraction }),
    /** A window whose RMS is below `rmsDbfs` is `mute`; so is a clip all of whose windows are. */
    silenceGate: z.strictObject({ rmsDbfs: z.number().min(-120).max(0) }),
    segments: z
      .strictObject({
        /** Width, in windows, of the median filter over window scores; odd, 1 switches it off. */
        smoothingWindows: z.int().min(1).max(99).default(1),
        /** Segments of one label closer than this are joined. */
        mergeGapSeconds: z.number().min(0).default(0),
      })
      .prefault({}),
    /** How window scores become the clip's: `meanScore` of sounding windows, weighted by energy when asked. */
    clipRule: z.enum(['meanScore', 'energyWeightedMean']).default('meanScore'),
    /** Numbers that a freshly loaded session must reproduce before it serves: input filled with `fill`, scores within 1e-3. */
    warmUp: z.strictObject({ fill: z.number(), outputs: z.array(z.number()) }).optional(),
    onnxSha256: z.string().regex(/^[0-9a-f]{64}$/),
    metrics: z.array(modelMetricsSchema).default([]),
    licence: z.string(),
    /** How it was made: data, seeds, commit, command. */
    provenance: z.record(z.string(), z.unknown()).default({}),
  })
  .superRefine((card, context) => {
    if (new Set(card.labels).size !== card.labels.length)
      context.addIssue({ code: 'custom', message: 'labels must be different', path: ['labels'] });
    for (const reserved of ['unknown', 'mute'])
      if (card.labels.includes(reserved))
        context.addIssue({ code: 'custom', message: `"${reserved}" is a decision, not a label`, path: ['labels'] });
  });

export type ModelCard = z.infer<typeof modelCardSchema>;
export type ModelMetrics = z.infer<typeof modelMetricsSchema>;
