/** What is known about a clip: its container and codec as declared, its sound as measured. */
import { z } from 'zod';

export const clipFactsSchema = z.strictObject({
  /** Container or bare format: wav, mp3, flac, ogg, webm, m4a, aiff… */
  format: z.string(),
  codec: z.string(),
  sampleRateHz: z.number().positive(),
  channels: z.int().positive(),
  durationSeconds: z.number().nonnegative(),
  /** Library or program, with its version, that produced the PCM. */
  decoder: z.string(),
});
export type ClipFacts = z.infer<typeof clipFactsSchema>;

const dbfs = z.number().min(-120).max(120);

/** Measured on the mono mix at the model's sample rate. Levels are clamped at -120 dBFS. */
export const clipQualitySchema = z.strictObject({
  peakDbfs: dbfs,
  rmsDbfs: dbfs,
  /** Share of samples at or above 0.999 of full scale. */
  clippedRatio: z.number().min(0).max(1),
  /** Share of 50 ms frames whose RMS is under -60 dBFS. */
  silentRatio: z.number().min(0).max(1),
  /** RMS of the quietest tenth of 50 ms frames. */
  noiseFloorDbfs: dbfs,
  /** Mean over sounding frames (meyda definitions): spectral centroid, flatness 0..1, zero-crossing rate. */
  spectralCentroidHz: z.number().nonnegative().optional(),
  spectralFlatness: z.number().min(0).optional(),
  zeroCrossingRate: z.number().min(0).max(1).optional(),
});
export type ClipQuality = z.infer<typeof clipQualitySchema>;
