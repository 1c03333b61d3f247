/** The outline of a sound: for each of many equal slices, how loud it gets and how loud it is. */

export interface Peaks {
  /** Largest magnitude of each slice, 0..1. */
  peak: Float32Array;
  /** Root mean square of each slice, 0..1. */
  rms: Float32Array;
}

/** @param slices at most; fewer when there are fewer samples */
export function peaksOf(samples: Float32Array, slices: number): Peaks {
  const count = Math.max(1, Math.min(slices, samples.length));
  const peak = new Float32Array(count);
  const rms = new Float32Array(count);
  for (let slice = 0; slice < count; slice += 1) {
    const from = Math.floor((slice * samples.length) / count);
    const to = Math.max(from + 1, Math.floor(((slice + 1) * samples.length) / count));
    let largest = 0;
    let sum = 0;
    for (let i = from; i < to; i += 1) {
      const value = samples[i] ?? 0;
      const magnitude = Math.abs(value);
      if (magnitude > largest) largest = magnitude;
      sum += value * value;
    }
    peak[slice] = largest;
    rms[slice] = Math.sqrt(sum / (to - from));
  }
  return { peak, rms };
}
