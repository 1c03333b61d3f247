/** Levels in dBFS: 0 is full scale (an amplitude of 1), and nothing is quieter than the floor. */

export const DBFS_FLOOR = -120;
/** Ceiling of what contracts accept; float clips may exceed full scale. */
const DBFS_CEILING = 120;

export function amplitudeToDbfs(amplitude: number): number {
  if (!(amplitude > 0)) return DBFS_FLOOR;
  return Math.min(DBFS_CEILING, Math.max(DBFS_FLOOR, 20 * Math.log10(amplitude)));
}

/** Mean of the squares of samples `from` to `to`; 0 for none. */
export function meanSquare(pcm: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    const sample = pcm[i] ?? 0;
    sum += sample * sample;
  }
  return to > from ? sum / (to - from) : 0;
}
