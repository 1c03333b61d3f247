/**
 * Triangular mel filterbank by the conventions of torchaudio's `melscale_fbanks`: bins evenly spaced from 0 to
 * floor(sampleRate / 2) Hz, triangles linear in Hz between points evenly spaced in mel.
 * HTK: O'Shaughnessy, Speech Communication, 1987. Slaney: Auditory Toolbox, 1998 (linear below 1 kHz).
 */
import type { StftTransform } from '@timbre/shared/contracts/feature-spec';

/** Only the weights above zero are kept. */
export interface MelBands {
  /** `[nMels, 2]`: first bin and number of bins. */
  spans: Uint32Array;
  /** Weights of all bands, one band after another. */
  weights: Float32Array;
}

export function createMelBands(transform: StftTransform, sampleRateHz: number): MelBands {
  const { nMels, nFft } = transform;
  const nyquistHz = Math.floor(sampleRateHz / 2);
  const bins = Math.floor(nFft / 2) + 1;
  const edgesHz = bandEdgesHz(transform, nyquistHz);
  const spans = new Uint32Array(nMels * 2);
  const weights: number[] = [];
  for (let band = 0; band < nMels; band++) {
    const [low = 0, peak = 0, high = 0] = edgesHz.slice(band, band + 3);
    const scale = transform.melNorm === 'slaney' ? 2 / (high - low) : 1;
    const before = weights.length;
    for (let bin = 0; bin < bins; bin++) {
      const hz = (nyquistHz * bin) / (bins - 1);
      const weight = Math.min((hz - low) / (peak - low), (high - hz) / (high - peak));
      if (!(weight > 0)) continue;
      if (weights.length === before) spans[2 * band] = bin;
      weights.push(weight * scale);
    }
    spans[2 * band + 1] = weights.length - before;
  }
  return { spans, weights: Float32Array.from(weights) };
}

/** `nMels + 2` frequencies: lower edge, peaks, upper edge. */
function bandEdgesHz({ nMels, fMinHz, fMaxHz, melScale }: StftTransform, nyquistHz: number): number[] {
  const { toMel, toHz } = scales[melScale];
  const lowest = toMel(fMinHz);
  const highest = toMel(fMaxHz ?? nyquistHz);
  return Array.from({ length: nMels + 2 }, (_, i) => toHz(lowest + ((highest - lowest) * i) / (nMels + 1)));
}

const SLANEY_HZ_PER_MEL = 200 / 3;
const SLANEY_BREAK_HZ = 1000;
const SLANEY_BREAK_MEL = SLANEY_BREAK_HZ / SLANEY_HZ_PER_MEL;
const SLANEY_LOG_STEP = Math.log(6.4) / 27;

const scales = {
  htk: {
    toMel: (hz: number) => 2595 * Math.log10(1 + hz / 700),
    toHz: (mel: number) => 700 * (10 ** (mel / 2595) - 1),
  },
  slaney: {
    toMel: (hz: number) =>
      hz < SLANEY_BREAK_HZ
        ? hz / SLANEY_HZ_PER_MEL
        : SLANEY_BREAK_MEL + Math.log(hz / SLANEY_BREAK_HZ) / SLANEY_LOG_STEP,
    toHz: (mel: number) =>
      mel < SLANEY_BREAK_MEL
        ? mel * SLANEY_HZ_PER_MEL
        : SLANEY_BREAK_HZ * Math.exp((mel - SLANEY_BREAK_MEL) * SLANEY_LOG_STEP),
  },
};
