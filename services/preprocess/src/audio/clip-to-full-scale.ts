/** The last step: keeps the promise of -1..1. */
import type { DecodeWarning } from './damage.js';

/** Overshoot of lossy codecs and of the resampler is common; this share of samples beyond ±1 is a level set too high. */
const MAX_CLIPPED = 0.001;

/** Clips `pcm` to ±1 in place and warns `over_full_scale` when that was more than overshoot. */
export function clipToFullScale(pcm: Float32Array, warnings: Set<DecodeWarning>): void {
  let clipped = 0;
  for (let i = 0; i < pcm.length; i++) {
    const sample = pcm[i] ?? 0;
    if (sample > 1 || sample < -1) {
      pcm[i] = Math.sign(sample);
      clipped++;
    }
  }
  if (clipped > pcm.length * MAX_CLIPPED) warnings.add('over_full_scale');
}
