/** What a failed S3 request means to the rest of the system, from the status seen on the wire and the code in the answer. */
import { AppError, isAppError } from '../errors.js';
import type { ErrorCode } from '../error-catalog.js';

/** Codes that say more than their status. */
const byS3Code: Partial<Record<string, ErrorCode>> = {
  NoSuchKey: 'object_missing',
  // What the client calls a 404 without a body, as HEAD answers.
  NotFound: 'object_missing',
  // Removed by a sweep, or completed by a try whose answer was lost.
  NoSuchUpload: 'internal',
  // The body was damaged or cut on the way in: sending it again is the cure.
  XAmzContentSHA256Mismatch: 'dependency_unavailable',
  BadDigest: 'dependency_unavailable',
  IncompleteBody: 'dependency_unavailable',
  RequestTimeout: 'dependency_unavailable',
  AuthorizationHeaderMalformed: 'storage_misconfigured',
  InvalidAccessKeyId: 'storage_misconfigured',
  InvalidBucketName: 'storage_misconfigured',
  InvalidRegion: 'storage_misconfigured',
  RequestTimeTooSkewed: 'storage_misconfigured',
  SignatureDoesNotMatch: 'storage_misconfigured',
  InsufficientStorage: 'storage_full',
  QuotaExceeded: 'storage_full',
  XMinioStorageFull: 'storage_full',
};

function byStatus(status: number): ErrorCode {
  if (status === 507) return 'storage_full';
  if (status === 408 || status === 429 || status >= 500) return 'dependency_unavailable';
  // 2xx with an answer that could not be read: cut or garbled on the way.
  if (status < 300) return 'dependency_unavailable';
  // Redirects lead to another region or endpoint; 401, 403 and what else is not found are about bucket and keys.
  if (status < 400 || status === 401 || status === 403 || status === 404) return 'storage_misconfigured';
  return 'internal';
}

const TLS_FAULT = /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|UNABLE_TO_|EPROTO/;

/**
 * @param status of the answer, undefined when none came
 * AppErrors pass. The answer of the server is reduced to status and code: some servers echo request headers in it.
 */
export function toS3Error(error: unknown, status: number | undefined): AppError {
  if (isAppError(error)) return error;
  const code = codeOf(error);
  if (status === undefined) return networkError(error, code);
  const mapped = (code === undefined ? undefined : byS3Code[code]) ?? byStatus(status);
  return new AppError(mapped, {
    detail: `the object store answered ${status}${code === undefined ? '' : ` ${code}`}`,
    details: { status, ...(code !== undefined && { s3Code: code }) },
  });
}

function networkError(cause: unknown, code: string | undefined): AppError {
  if (code === undefined) return new AppError('internal', { cause });
  const mapped = TLS_FAULT.test(code) ? 'storage_misconfigured' : 'dependency_unavailable';
  return new AppError(mapped, { detail: `no answer from the object store (${code})`, details: { errno: code }, cause });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^\w{1,64}$/.test(error.code) ? error.code : undefined;
}

/** The S3 code behind an error of this file, for the few places that decide by it. */
export function s3CodeOf(error: unknown): unknown {
  return isAppError(error) ? error.details['s3Code'] : undefined;
}
