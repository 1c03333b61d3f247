/**
 * How much may be missing or broken before a clip is refused. One rule for all formats: a clip that still holds 95 % of what
 * it declares is used with a warning, and so is one that lost at most 1 % of its frames on the way.
 */
import { AppError } from '@timbre/shared/errors';

/**
 * Codes on a clip that was decoded in spite of something. `truncated`: the end is missing; `damaged`: frames were lost;
 * `silent`: no sound at all; `over_full_scale`: samples beyond ±1 were clipped.
 */
export type DecodeWarning = 'truncated' | 'damaged' | 'silent' | 'over_full_scale';

const MIN_COMPLETE = 0.95;
const MAX_LOST = 0.01;

export interface Completeness {
  /** Frames (or bytes) the header promises; `null` when it does not say. */
  declared: number | null;
  found: number;
  /** Shortfall that is no more than rounding in the header. */
  tolerance?: number;
}

/** Throws `audio_truncated` when too little was found; warns `truncated` when a little is missing. */
export function judgeCompleteness(amounts: Completeness, warnings: Set<DecodeWarning>): void {
  const { declared, found, tolerance = 0 } = amounts;
  if (declared === null || found >= declared - tolerance) return;
  if (found < declared * MIN_COMPLETE)
    throw new AppError('audio_truncated', {
      detail: `Only ${Math.floor((found / declared) * 100)} % of the declared audio is there.`,
      details: { declared, observed: found },
    });
  warnings.add('truncated');
}

/** Throws `audio_corrupt` when more than 1 % of the frames were lost; warns `damaged` when some were. */
export function judgeDamage(frames: { lost: number; total: number }, warnings: Set<DecodeWarning>): void {
  if (frames.lost === 0) return;
  if (frames.lost > frames.total * MAX_LOST)
    throw new AppError('audio_corrupt', {
      detail: `${frames.lost} of ${frames.total} frames are damaged.`,
      details: { lost: frames.lost, total: frames.total },
    });
  warnings.add('damaged');
}

/** A file whose structure contradicts itself. `detail` names the place, never the file's own text. */
export function corrupt(detail: string, cause?: unknown): AppError {
  return new AppError('audio_corrupt', { detail, cause });
}
