/**
 * What an archive may cost. Sizes an archive declares are its sender's opinion: they are checked against these limits before
 * anything is inflated, and inflating stops where the declared size ends.
 */
import { AppError } from '@timbre/shared/errors';

const MIB = 1024 * 1024;

export interface ArchiveLimits {
  /** Entries of any kind, or lines of a manifest. */
  maxEntries: number;
  /** Of one clip, inflated. */
  maxEntryBytes: number;
  /** Of everything in the archive, inflated. */
  maxInflatedBytes: number;
  /**
   * Everything inflated may be 1 GiB plus this many times the archive. There is no ratio for a single entry: an honest
   * silent recording deflates 1000:1, which is also the most that deflate can do.
   */
  maxRatio: number;
  maxPathCharacters: number;
  /** Folders above an entry. */
  maxDepth: number;
}

export function defaultArchiveLimits(maxEntryBytes = 200 * MIB): ArchiveLimits {
  return {
    maxEntries: 1_000_000,
    maxEntryBytes,
    maxInflatedBytes: 1024 * 1024 * MIB,
    maxRatio: 200,
    maxPathCharacters: 1024,
    maxDepth: 16,
  };
}

/** Bytes that an archive of this size may inflate to. */
export function inflationAllowance(archiveBytes: number, limits: ArchiveLimits): number {
  return Math.min(limits.maxInflatedBytes, 1024 * MIB + limits.maxRatio * archiveBytes);
}

/** @throws AppError `archive_limit` when `observed` is over `limit` */
export function requireWithin(what: 'entries' | 'inflatedBytes', observed: number, limit: number): void {
  if (observed <= limit) return;
  const detail =
    what === 'entries' ? 'The archive has too many entries.' : 'The archive inflates to more than is allowed.';
  throw new AppError('archive_limit', { detail, details: { what, limit, observed } });
}
