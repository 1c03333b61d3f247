/**
 * The one error type that crosses module and process boundaries. Every code has a row in the catalog, and the catalog
 * decides status, retryability and title, so the same fault reads the same in HTTP, in a job and in a metric.
 */
import { errorCatalog, type ErrorCode } from './error-catalog.js';

export interface AppErrorOptions {
  /** Sentence for the person or program that has to act on it; never echoes raw user text. */
  detail?: string | undefined;
  /** Facts for programs: `limit`, `observed`, a JSON pointer. */
  details?: Record<string, unknown> | undefined;
  cause?: unknown;
  retryAfterSeconds?: number | undefined;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly httpStatus: number;
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? errorCatalog[code].title, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = errorCatalog[code].retryable;
    this.httpStatus = errorCatalog[code].status;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get title(): string {
    return errorCatalog[this.code].title;
  }
}

export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** Any thrown value as an `AppError`; what is not one already becomes `internal`, with the original as `cause`. */
export function toAppError(error: unknown): AppError {
  return isAppError(error) ? error : new AppError('internal', { cause: error });
}

/** What travels between threads and processes and is stored on a failed job. */
export interface SerializedError {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

export function serializeError(error: AppError): SerializedError {
  return { code: error.code, message: error.message, details: error.details };
}

export function deserializeError(error: SerializedError): AppError {
  return new AppError(error.code, { detail: error.message, details: error.details });
}
