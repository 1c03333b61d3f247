/** The gateway's one place where errors become answers. */
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { AppError, toAppError } from '@timbre/shared/errors';
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { sendProblem } from './problem.js';
import { contextOf } from './request-context.js';

export function errorHandler(log: Logger, metrics: Metrics): ErrorRequestHandler {
  return async (thrown, request, response, _next) => {
    const error = fromFramework(thrown) ?? toAppError(thrown);
    const { requestId } = contextOf(request);
    metrics.requestsRejected.inc({ code: error.code });
    if (error.httpStatus >= 500) log.error({ err: error, cause: error.cause, requestId }, 'request failed');
    if (response.headersSent || response.destroyed) return void response.destroy();
    // What is still not read of the body would be taken for the next request.
    if (!(await discardBody(request))) response.setHeader('Connection', 'close');
    sendProblem(response, error, requestId, request.path.slice(0, 200));
  };
}

const discardMs = 500;

/**
 * Reads and drops the rest of a refused body, for a moment: a client that writes while the connection closes under it gets
 * a broken pipe instead of the answer. Resolves whether the body is over.
 */
async function discardBody(request: Request): Promise<boolean> {
  if (request.complete) return true;
  if (request.destroyed) return false;
  request.unpipe();
  request.resume();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), discardMs);
    for (const event of ['end', 'close', 'error'] as const)
      request.once(event, () => {
        clearTimeout(timer);
        resolve(request.complete);
      });
  });
}

/** Errors thrown by Express and its body parser carry a status and a type. */
function fromFramework(thrown: unknown): AppError | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown) || thrown instanceof AppError)
    return undefined;
  const { status, type } = thrown as { status: unknown; type?: unknown };
  if (type === 'entity.too.large') return new AppError('payload_too_large');
  if (type === 'entity.parse.failed' || type === 'charset.unsupported' || type === 'encoding.unsupported')
    return new AppError('invalid_json', { cause: thrown });
  if (status === 400)
    return new AppError('invalid_parameter', { detail: 'the address or body cannot be read', cause: thrown });
  if (status === 404) return new AppError('not_found');
  return undefined;
}

/** For paths that exist with other methods. */
export function methodNotAllowed(...allowed: string[]): RequestHandler {
  return (_request, response) => {
    response.setHeader('Allow', allowed.join(', '));
    throw new AppError('method_not_allowed', { details: { allowed } });
  };
}

export const notFound: RequestHandler = () => {
  throw new AppError('not_found');
};
