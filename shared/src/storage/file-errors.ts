/** What a failed system call of the file driver means to the rest of the system. */
import { AppError, isAppError } from '../errors.js';
import type { ErrorCode } from '../error-catalog.js';

const codes: Partial<Record<string, ErrorCode>> = {
  ENOSPC: 'storage_full',
  EDQUOT: 'storage_full',
  // The file may not grow: a limit of the process (RLIMIT_FSIZE) or of the file system.
  EFBIG: 'storage_full',
  ENOENT: 'object_missing',
  EACCES: 'storage_misconfigured',
  EPERM: 'storage_misconfigured',
  EROFS: 'storage_misconfigured',
  ELOOP: 'storage_misconfigured',
};

/** Our reasons where the code alone would not help. */
const details: Partial<Record<string, string>> = {
  EACCES: 'the process may not use the folder of the object store',
  EPERM: 'the process may not use the folder of the object store',
  EROFS: 'the folder of the object store is read-only',
  ENOTDIR: 'one key continues another key with a slash',
  EISDIR: 'one key continues another key with a slash',
};

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** AppErrors pass; I/O errors, exhausted descriptors and stale mounts are `dependency_unavailable`. */
export function toFileError(error: unknown): AppError {
  if (isAppError(error)) return error;
  const errno = errnoOf(error);
  if (errno === undefined) return new AppError('internal', { cause: error });
  // Keys are ours: a key below another object is a mistake in the code that made it.
  const code = errno === 'ENOTDIR' || errno === 'EISDIR' ? 'internal' : (codes[errno] ?? 'dependency_unavailable');
  return new AppError(code, { detail: details[errno], details: { errno }, cause: error });
}
