/** What the model saw, small enough for a page to draw: windows of a tensor pack, quantised to a byte a value. Pure. */
import { z } from 'zod';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import type { TensorPack } from '@timbre/shared/tensor-pack';

const seconds = z.number().nonnegative();

export const featureMatrixSchema = z.strictObject({
  kind: z.enum(['waveform', 'mel', 'logMel', 'mfcc']),
  sampleRateHz: z.int().positive(),
  windows: z.strictObject({ total: z.int().nonnegative(), from: z.int().nonnegative(), count: z.int().nonnegative() }),
  rows: z.int().positive(),
  columns: z.int().positive(),
  secondsPerColumn: seconds,
  offsets: z.array(z.strictObject({ startSeconds: seconds, endSeconds: seconds })),
  rmsDbfs: z.array(z.number()),
  low: z.number(),
  high: z.number(),
  data: z.base64(),
});
export type FeatureMatrix = z.infer<typeof featureMatrixSchema>;

/** `low` and `high` are those of the whole clip, so pages of one clip share their scale. */
export function featureMatrix(
  pack: TensorPack,
  spec: FeatureSpec,
  { from, count }: { from: number; count: number },
): FeatureMatrix {
  const total = pack.shape[0] ?? 0;
  const first = Math.min(from, total);
  const shown = Math.min(count, total - first);
  const columns = pack.shape.at(-1) ?? 1;
  const rows = pack.shape.length > 2 ? (pack.shape.at(-2) ?? 1) : 1;
  const size = rows * columns;
  const { low, high } = rangeOf(pack.windows);
  const startOf = (window: number) => pack.offsets[2 * window] ?? 0;
  const endOf = (window: number) => pack.offsets[2 * window + 1] ?? 0;
  return {
    kind: spec.transform.kind,
    sampleRateHz: spec.sampleRateHz,
    windows: { total, from: first, count: shown },
    rows,
    columns,
    secondsPerColumn: secondsPerColumn(spec, endOf(0) - startOf(0), columns),
    offsets: Array.from({ length: shown }, (_, i) => ({
      startSeconds: startOf(first + i),
      endSeconds: endOf(first + i),
    })),
    rmsDbfs: [...pack.rmsDbfs.subarray(first, first + shown)],
    low,
    high,
    data: quantise(pack.windows.subarray(first * size, (first + shown) * size), low, high).toString('base64'),
  };
}

function secondsPerColumn({ transform, sampleRateHz, resize }: FeatureSpec, windowSeconds: number, columns: number) {
  if (resize) return windowSeconds / columns;
  return (transform.kind === 'waveform' ? 1 : transform.hopLength) / sampleRateHz;
}

function rangeOf(values: Float32Array): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return values.length === 0 ? { low: 0, high: 0 } : { low, high };
}

/** 0 for `low`, 255 for `high`. */
function quantise(values: Float32Array, low: number, high: number): Buffer {
  const scale = high > low ? 255 / (high - low) : 0;
  const bytes = Buffer.alloc(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = Math.round(((values[i] ?? 0) - low) * scale);
  return bytes;
}
