/** From the scores of windows to the scores of the clip. Pure. */
import type { ModelCard } from '../contracts/model-card.js';
import type { ScoreTable } from './smoothing.js';

/**
 * Mean score of each label over the sounding windows: plain, or weighted by the power of each window (10^(dBFS / 10)).
 * @param rmsDbfs `[windows]`
 * @returns `[labels]`, or `null` when no window sounds
 */
export function clipScores(
  { scores, labels, sounding }: ScoreTable,
  rmsDbfs: Float32Array,
  rule: ModelCard['clipRule'],
): Float64Array | null {
  const sums = new Float64Array(labels);
  let total = 0;
  // Levels count relative to the loudest window, so that very quiet clips keep their precision.
  const loudest = rmsDbfs.reduce((a, b) => Math.max(a, b), -Infinity);
  for (const [window, level] of rmsDbfs.entries()) {
    if (!sounding[window]) continue;
    const weight = rule === 'energyWeightedMean' ? 10 ** ((level - loudest) / 10) : 1;
    total += weight;
    for (let label = 0; label < labels; label++)
      sums[label] = (sums[label] ?? 0) + weight * (scores[window * labels + label] ?? 0);
  }
  return total > 0 ? sums.map((sum) => Math.min(1, sum / total)) : null;
}
