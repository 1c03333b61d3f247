/** Damage to an archive as a whole. */
import { AppError } from '@timbre/shared/errors';

/** @param afterEntries entries that could be read before the damage, of any kind; nothing behind it is known */
export function corruptArchive(detail: string, afterEntries: number, cause?: unknown): AppError {
  return new AppError('archive_corrupt', { detail, details: { afterEntries }, cause });
}
