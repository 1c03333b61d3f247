/**
 * Bilinear resize of an image, as torch's `interpolate(mode="bilinear", align_corners=False)`: half-pixel centres, no
 * antialias. Every output value needs two neighbours on each axis, so the axes are planned first and the caller may
 * compute only the columns that are needed.
 */
export interface ResizeAxis {
  /** For each output position its two neighbours and the weight of the second. */
  low: Int32Array;
  high: Int32Array;
  weight: Float64Array;
}

export function planResizeAxis(size: number, outSize: number): ResizeAxis {
  const axis = { low: new Int32Array(outSize), high: new Int32Array(outSize), weight: new Float64Array(outSize) };
  for (let i = 0; i < outSize; i++) {
    const position = Math.max(0, ((i + 0.5) * size) / outSize - 0.5);
    const low = Math.min(Math.floor(position), size - 1);
    axis.low[i] = low;
    axis.high[i] = Math.min(low + 1, size - 1);
    axis.weight[i] = position - low;
  }
  return axis;
}

/** Source positions the axis reads, ascending, each once. */
export function neededPositions({ low, high }: ResizeAxis): Int32Array {
  return Int32Array.from(new Set([...low, ...high])).sort();
}

/** The same axis over a source that holds only `positions`. */
export function renumber(axis: ResizeAxis, positions: Int32Array): ResizeAxis {
  const place = new Map(Array.from(positions, (position, i) => [position, i]));
  const moved = (old: Int32Array) => old.map((position) => place.get(position) ?? 0);
  return { low: moved(axis.low), high: moved(axis.high), weight: axis.weight };
}

/** Image `[rows, columns]` in a larger array: where it begins and how far apart its rows are, in values. */
export interface ImageView {
  values: Float32Array;
  offset: number;
  rowStride: number;
}

/** Writes the resized image, row-major, to `out`; source values below `floor` count as `floor`. */
export function resizeImage(
  { values, offset, rowStride }: ImageView,
  axes: { rows: ResizeAxis; columns: ResizeAxis },
  floor: number,
  out: Float32Array,
): void {
  const { rows, columns } = axes;
  const at = (row: number, column: number) => Math.max(floor, values[offset + row * rowStride + column] ?? 0);
  let next = 0;
  for (let r = 0; r < rows.low.length; r++) {
    const top = rows.low[r] ?? 0;
    const bottom = rows.high[r] ?? 0;
    const down = rows.weight[r] ?? 0;
    for (let c = 0; c < columns.low.length; c++) {
      const left = columns.low[c] ?? 0;
      const right = columns.high[c] ?? 0;
      const across = columns.weight[c] ?? 0;
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      out[next++] = upper * (1 - down) + lower * down;
    }
  }
}
