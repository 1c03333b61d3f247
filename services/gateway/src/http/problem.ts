/** RFC 9457 problem documents: the one shape every error of the public API has. */
import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';
import { errorCatalog } from '@timbre/shared/error-catalog';
import type { AppError } from '@timbre/shared/errors';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  retryable: boolean;
  requestId: string;
  details?: Record<string, unknown>;
}

export function problemOf(error: AppError, requestId: string, instance: string): Problem {
  const entry = errorCatalog[error.code];
  return {
    type: `/problems/${error.code}`,
    title: entry.title,
    status: entry.status,
    detail: error.message,
    instance,
    code: error.code,
    retryable: entry.retryable,
    requestId,
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
  };
}

export function sendProblem(response: Response, error: AppError, requestId: string, instance: string): void {
  if (error.retryAfterSeconds !== undefined) response.setHeader('Retry-After', Math.ceil(error.retryAfterSeconds));
  response
    .status(error.httpStatus)
    .type('application/problem+json')
    .send(JSON.stringify(problemOf(error, requestId, instance)));
}

/** For errors met before Express has the request (header overflow, garbage on the wire). */
export function rawProblem(status: number, code: keyof typeof errorCatalog): string {
  const entry = errorCatalog[code];
  const body = JSON.stringify({
    type: `/problems/${code}`,
    title: entry.title,
    status,
    code,
    retryable: entry.retryable,
  });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
