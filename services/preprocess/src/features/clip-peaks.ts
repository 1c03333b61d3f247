/** The outline of a clip: the lowest and highest sample of equal stretches. One pass over samples that are at hand anyway. */
import { storedPeakPoints, type ClipPeaks } from '@timbre/shared/contracts/clip-peaks';

const fullScale = 127;

/** @param pcm mono, −1..1 */
export function measurePeaks(pcm: Float32Array, durationSeconds: number, mostPoints = storedPeakPoints): ClipPeaks {
  const points = Math.min(mostPoints, pcm.length);
  const lows = new Int8Array(points);
  const highs = new Int8Array(points);
  for (let point = 0; point < points; point++) {
    const from = Math.floor((point * pcm.length) / points);
    const to = Math.floor(((point + 1) * pcm.length) / points);
    let low = Infinity;
    let high = -Infinity;
    for (let i = from; i < to; i++) {
      const sample = pcm[i] ?? 0;
      if (sample < low) low = sample;
      if (sample > high) high = sample;
    }
    lows[point] = quantise(low);
    highs[point] = quantise(high);
  }
  return { v: 1, durationSeconds, min: base64(lows), max: base64(highs) };
}

function quantise(sample: number): number {
  return Math.round(Math.max(-1, Math.min(1, sample)) * fullScale);
}

const base64 = (values: Int8Array): string => Buffer.from(values.buffer).toString('base64');
