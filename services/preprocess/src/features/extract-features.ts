/**
 * PCM to model input: crops a clip into windows and computes the features of each, as a feature spec describes.
 * Pure arithmetic without input or output; decoding, mixing and resampling come before it.
 */
import { frameCount, windowSamples, windowShape, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { AppError } from '@timbre/shared/errors';
import { planWindows, unpaddedSamples, type ClipWindow } from './clip-window.js';
import { amplitudeToDbfs, meanSquare } from './loudness.js';
import { createWindowTransform, imageColumns } from './window-transform.js';

export interface FeatureWindows {
  /** Row-major, length = product of `shape`; owned by the caller. */
  data: Float32Array;
  /** `[n, ...windowShape(spec)]` */
  shape: number[];
  /** `[n, 2]`: start and end of each window in seconds of the clip; the end is at most the clip's. */
  offsets: Float64Array;
  /** `[n]`: loudness of the unpadded part of each window, at least -120 dBFS. */
  rmsDbfs: Float32Array;
}

export type FeatureExtractor = (pcm: Float32Array) => FeatureWindows;

/** Windows of one clip may take this many bytes unless told otherwise. */
export const DEFAULT_MAX_WINDOW_BYTES = 64 * 1024 * 1024;

/**
 * Prepares the plan of a spec (tables and scratch memory) and returns the function that applies it to mono PCM at
 * `spec.sampleRateHz`. One extractor works on one clip at a time.
 * @throws AppError `model_invalid` when the spec's windows are too short for one STFT frame.
 *   The extractor throws `audio_empty`, `audio_nonfinite`, `audio_too_short` (crop `full`), and `tensor_too_large` before it allocates more
 *   than `maxWindowBytes`.
 */
export function createFeatureExtractor(spec: FeatureSpec, maxWindowBytes = DEFAULT_MAX_WINDOW_BYTES): FeatureExtractor {
  const fixedSamples = windowSamples(spec);
  if (fixedSamples !== null && !holdsFrame(spec, fixedSamples))
    throw new AppError('model_invalid', { detail: 'A window of the feature spec is too short for one frame.' });
  const rowShape = windowShape(spec);
  const rowLength = rowShape.reduce((product, size) => product * size, 1);
  const transform = largestRowBytes(spec, rowLength) > maxWindowBytes ? undefined : createWindowTransform(spec);

  return (pcm) => {
    if (pcm.length === 0) throw new AppError('audio_empty');
    const plan = planWindows(spec, pcm);
    const bytes = plan.count * rowLength * 4;
    if (!transform || bytes > maxWindowBytes)
      throw new AppError('tensor_too_large', { details: { limit: maxWindowBytes, observed: bytes } });
    if (!holdsFrame(spec, plan.samples)) throw new AppError('audio_too_short');
    const result: FeatureWindows = {
      data: new Float32Array(plan.count * rowLength),
      shape: [plan.count, ...rowShape],
      offsets: new Float64Array(plan.count * 2),
      rmsDbfs: new Float32Array(plan.count),
    };
    for (let n = 0; n < plan.count; n++) {
      const window = { pcm, start: plan.firstStart + n * plan.hopSamples, samples: plan.samples };
      describeWindow(window, spec.sampleRateHz, n, result);
      transform(window, result.data.subarray(n * rowLength, (n + 1) * rowLength), n > 0);
    }
    return result;
  };
}

function describeWindow(
  window: ClipWindow,
  sampleRateHz: number,
  n: number,
  { offsets, rmsDbfs }: FeatureWindows,
): void {
  const { pcm, start } = window;
  const end = start + unpaddedSamples(window);
  offsets[2 * n] = start / sampleRateHz;
  offsets[2 * n + 1] = end / sampleRateHz;
  const square = meanSquare(pcm, start, end);
  // Decoding refuses such clips; without this, a logarithm would turn NaN into a number that looks like loud sound.
  if (!Number.isFinite(square)) throw new AppError('audio_nonfinite');
  rmsDbfs[n] = amplitudeToDbfs(Math.sqrt(square));
}

/** Whether `samples` give at least one frame. Mirroring needs one sample more than it mirrors. */
function holdsFrame({ transform }: FeatureSpec, samples: number): boolean {
  if (transform.kind === 'waveform') return samples > 0;
  if (transform.center && samples <= Math.floor(transform.nFft / 2)) return false;
  return frameCount(transform, samples) >= 1;
}

/** Bytes of one row, or of the mel image it is made from, whichever is more. */
function largestRowBytes(spec: FeatureSpec, rowLength: number): number {
  if (spec.transform.kind === 'waveform') return rowLength * 4;
  return Math.max(rowLength, spec.transform.nMels * imageColumns(spec, spec.transform)) * 4;
}
