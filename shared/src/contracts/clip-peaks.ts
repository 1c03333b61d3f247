/** The outline of a clip's sound, for drawing a waveform without decoding: stored beside the job, thinned out for clients. */
import { z } from 'zod';

/** Points kept for a clip that has at least as many samples. */
export const storedPeakPoints = 4000;

export const clipPeaksSchema = z.strictObject({
  v: z.literal(1),
  durationSeconds: z.number().nonnegative(),
  /** Int8 per point, base64: the lowest and the highest sample of its stretch of the mono mix, 127 at full scale. */
  min: z.base64(),
  max: z.base64(),
});
export type ClipPeaks = z.infer<typeof clipPeaksSchema>;
