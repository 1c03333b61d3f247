/** The outline of a clip in as many points as a client draws. Pure. */
import { z } from 'zod';
import { storedPeakPoints, type ClipPeaks } from '@timbre/shared/contracts/clip-peaks';

export const peaksQuerySchema = z.strictObject({
  points: z.coerce.number().int().min(1).max(storedPeakPoints).default(1000),
});

const level = z.int().min(-127).max(127);

export const peaksViewSchema = z.strictObject({
  durationSeconds: z.number().nonnegative(),
  /** Fewer than asked for where the clip has fewer samples. */
  points: z.int().nonnegative(),
  min: z.array(level),
  max: z.array(level),
});
export type PeaksView = z.infer<typeof peaksViewSchema>;

export function peaksView({ durationSeconds, min, max }: ClipPeaks, wanted: number): PeaksView {
  const [lows, highs] = [levelsOf(min), levelsOf(max)];
  const points = Math.min(wanted, lows.length);
  const stretch = (levels: Int8Array, point: number) =>
    levels.subarray(Math.floor((point * levels.length) / points), Math.floor(((point + 1) * levels.length) / points));
  const each = (levels: Int8Array, pick: (...values: number[]) => number) =>
    Array.from({ length: points }, (_, point) => pick(...stretch(levels, point)));
  return { durationSeconds, points, min: each(lows, Math.min), max: each(highs, Math.max) };
}

const levelsOf = (text: string): Int8Array => new Int8Array(Buffer.from(text, 'base64'));
