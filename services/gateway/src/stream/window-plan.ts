/** How a live stream is cut for a model. Pure. */
import { windowSamples, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';

export interface StreamPlan {
  windowSeconds: number;
  hopSeconds: number;
  /** The first window ends here: what began with the session need not fill a whole window to be heard. */
  firstEndSeconds: number;
}

/** For models that take a clip as a whole. */
const wholeClipSeconds = 3;
const firstEndSeconds = 1;

/** The window is the one the model was made for; the hop its own, or `hopSeconds` where that is shorter. */
export function planStream(features: FeatureSpec, hopSeconds: number): StreamPlan {
  const samples = windowSamples(features);
  const windowSeconds = samples === null ? wholeClipSeconds : samples / features.sampleRateHz;
  const own = features.crop.kind === 'sliding' ? features.crop.hopSeconds : windowSeconds;
  const hop = Math.min(own, hopSeconds);
  return { windowSeconds, hopSeconds: hop, firstEndSeconds: Math.min(windowSeconds, Math.max(hop, firstEndSeconds)) };
}
