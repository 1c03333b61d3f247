/** What the readers of archives and manifests find, and how they are asked. */
import type { ClipRef } from '@timbre/shared/contracts/batch';
import type { AppError } from '@timbre/shared/errors';
import type { ArchiveLimits } from './archive-limits.js';
import type { ByteSource } from './byte-source.js';

export interface FoundClip {
  /** For people: printable, at most `maxPathCharacters` long, never a path of ours. */
  path: string;
  id?: string;
  expected?: string;
  /** Of the clip itself, after inflating. */
  bytes?: number;
  sha256?: string;
  /** Present exactly when `error` is absent. */
  ref?: ClipRef;
  /** This entry alone fails. */
  error?: AppError;
}

export interface FoundEntry {
  clip: FoundClip;
  /** Given back as `ReadOptions.resume`, reading goes on behind this entry. */
  resume: string;
}

export interface ReadSummary {
  /** Files beside the audio (text, pictures, tables) that were passed over, from the beginning of the source. */
  sidecars: number;
}

export interface ReadOptions {
  limits: ArchiveLimits;
  /** Owner of the clips that a manifest names by SHA-256. */
  tenant: string;
  resume?: string | undefined;
  signal: AbortSignal;
}

/**
 * Yields each clip in the order of the source. What is wrong with one entry is the `error` of its clip; what is wrong with
 * the whole is thrown (`archive_corrupt`, `archive_limit`, `manifest_invalid`) behind the last entry that could be read, so
 * everything yielded before stays good; `archive_corrupt` counts those entries in `details.afterEntries`.
 */
export type Reader = (source: ByteSource, options: ReadOptions) => AsyncGenerator<FoundEntry, ReadSummary>;
