/**
 * Where the windows of a clip lie, and what their samples are. A window may reach past the end of its clip: samples
 * there are zero. Positions are in samples; nothing is copied until a transform asks for it.
 */
import { windowSamples, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';

export interface ClipWindow {
  pcm: Float32Array;
  start: number;
  /** Length with padding. */
  samples: number;
}

export interface WindowPlan {
  count: number;
  samples: number;
  firstStart: number;
  hopSamples: number;
}

/**
 * Windows of `spec.crop` over a clip that holds at least one sample. `sliding` takes as many windows as it needs to reach
 * the end of the clip.
 */
export function planWindows(spec: FeatureSpec, pcm: Float32Array): WindowPlan {
  const samples = windowSamples(spec) ?? pcm.length;
  const one = { count: 1, samples, firstStart: 0, hopSamples: samples };
  const { crop, sampleRateHz } = spec;
  const spare = Math.max(0, pcm.length - samples);
  switch (crop.kind) {
    case 'head':
    case 'full':
      return one;
    case 'peak': {
      const wanted = findPeak(pcm) - Math.round(crop.beforeSeconds * sampleRateHz);
      return { ...one, firstStart: Math.min(Math.max(wanted, 0), spare) };
    }
    case 'sliding': {
      const hopSamples = slidingHopSamples(crop.hopSeconds, sampleRateHz);
      return { ...one, hopSamples, count: 1 + Math.ceil(spare / hopSamples) };
    }
  }
}

export function slidingHopSamples(hopSeconds: number, sampleRateHz: number): number {
  return Math.max(1, Math.round(hopSeconds * sampleRateHz));
}

/** Index of the first sample of largest magnitude. */
function findPeak(pcm: Float32Array): number {
  let peak = 0;
  let largest = -1;
  for (let i = 0; i < pcm.length; i++) {
    const magnitude = Math.abs(pcm[i] ?? 0);
    if (magnitude > largest) {
      largest = magnitude;
      peak = i;
    }
  }
  return peak;
}

/** End of the part of the window that lies in the clip, relative to the window's start. */
export function unpaddedSamples({ pcm, start, samples }: ClipWindow): number {
  return Math.max(0, Math.min(samples, pcm.length - start));
}

/**
 * Copies samples `from` to `from + out.length` of the window, counted from its start. Outside the window the signal is
 * mirrored at the first and the last sample (which are not repeated), once; beyond that it is zero.
 */
export function copyMirrored(window: ClipWindow, from: number, out: Float32Array): void {
  const { pcm, start } = window;
  const insideFrom = Math.min(Math.max(0, from), from + out.length);
  const insideTo = Math.max(insideFrom, Math.min(unpaddedSamples(window), from + out.length));
  for (let i = from; i < insideFrom; i++) out[i - from] = mirroredSample(window, i);
  if (insideTo > insideFrom) out.set(pcm.subarray(start + insideFrom, start + insideTo), insideFrom - from);
  for (let i = insideTo; i < from + out.length; i++) out[i - from] = mirroredSample(window, i);
}

function mirroredSample({ pcm, start, samples }: ClipWindow, index: number): number {
  let inside = index < 0 ? -index : index;
  if (inside >= samples) inside = 2 * (samples - 1) - inside;
  return inside < 0 ? 0 : (pcm[start + inside] ?? 0);
}
