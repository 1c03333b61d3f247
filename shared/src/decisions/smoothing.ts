/** Median filter over the scores of neighbouring windows. Pure. */

export interface ScoreTable {
  /** `[windows, labels]`, row-major. */
  scores: Float64Array;
  labels: number;
  /** `[windows]`: windows that are heard; others have no say and get none. */
  sounding: readonly boolean[];
}

/**
 * Each score of a sounding window becomes the median of that label's scores in the `width` windows around it, as far as
 * they exist and sound; over an even count the median is the mean of the middle two. Labels are filtered apart, so a
 * window's scores need not add up to 1 any more.
 * @param width in windows, odd; 1 changes nothing
 * @returns a new `[windows, labels]`
 */
export function smoothScores({ scores, labels, sounding }: ScoreTable, width: number): Float64Array {
  const smoothed = Float64Array.from(scores);
  const reach = (width - 1) >> 1;
  if (reach < 1) return smoothed;
  for (let window = 0; window < sounding.length; window++) {
    if (!sounding[window]) continue;
    const near = neighbours(sounding, window, reach);
    for (let label = 0; label < labels; label++)
      smoothed[window * labels + label] = median(near.map((other) => scores[other * labels + label] ?? 0));
  }
  return smoothed;
}

function neighbours(sounding: readonly boolean[], window: number, reach: number): number[] {
  const near: number[] = [];
  for (let other = Math.max(0, window - reach); other <= Math.min(sounding.length - 1, window + reach); other++)
    if (sounding[other]) near.push(other);
  return near;
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
