/** How the results of a batch are asked for. */
import { z } from 'zod';

export const resultFormatSchema = z.enum(['jsonl', 'csv', 'parquet', 'audacity', 'raven']);
export type ResultFormat = z.infer<typeof resultFormatSchema>;

/** Applied when results are rendered, from the kept answers of the model: no inference. */
export const renderOptionsSchema = z.strictObject({
  /** In place of the card's `thresholds.unknown`. */
  threshold: z.coerce.number().min(0).max(1).optional(),
  /** In place of the card's `segments.mergeGapSeconds`. */
  mergeGapSeconds: z.coerce.number().min(0).max(86_400).optional(),
  /** Only this many of the best scores of each clip. */
  top: z.coerce.number().int().min(0).max(1000).optional(),
});
export type RenderOptions = z.infer<typeof renderOptionsSchema>;
