/** What passes between the event loop and a preprocessing thread. Byte arrays are transferred, not copied. */
import type { ClipPeaks } from '@timbre/shared/contracts/clip-peaks';
import type { ClipFacts, ClipQuality } from '@timbre/shared/contracts/clip';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import type { SerializedError } from '@timbre/shared/errors';
import type { DecodeLimits } from '../audio/decode-clip.js';

export interface ClipTask {
  /** The file as it was sent; the array's buffer is transferred and unusable for the sender afterwards. */
  bytes: Uint8Array;
  features: FeatureSpec;
  featureDigest: string;
  limits: DecodeLimits;
  /** Only decode and measure: no features, an empty pack. */
  probe?: boolean;
  /** Measure the outline of the sound too. */
  peaks?: boolean;
  /** The pack becomes part of a slice pack, which has a digest of its own. */
  inSlice?: boolean;
  /** `null`: no ffmpeg on this machine. */
  ffmpegPath: string | null;
}

export interface ClipTensors {
  /** An encoded tensor pack; empty for a probe. */
  pack: Uint8Array;
  /** Empty for a clip of a slice. */
  packSha256: string;
  windows: number;
  clipSha256: string;
  clip: ClipFacts;
  quality: ClipQuality;
  warnings: string[];
  peaks?: ClipPeaks;
  decodeSeconds: number;
  featureSeconds: number;
}

/** Errors are returned rather than thrown: structured clone would strip their code. */
export type ClipAnswer = { ok: true; tensors: ClipTensors } | { ok: false; error: SerializedError };
