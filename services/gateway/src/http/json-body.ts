/**
 * JSON bodies: at most 1 MiB, whole within 10 s. They are small, so a fixed time does for them what the minimum rate of the
 * ingress guard does for clips; without one, a client that sends a byte an hour holds its connection for ever.
 */
import { json, type RequestHandler } from 'express';
import { AppError } from '@timbre/shared/errors';

/** Leaves other content types alone. The middleware fails with `request_timeout`, or as the parser of Express does. */
export function jsonBody({ timeoutMs = 10_000 }: { timeoutMs?: number } = {}): RequestHandler {
  const parse: RequestHandler = json({ limit: '1mb' });
  return (request, response, next) => {
    let over = false;
    const end = (error?: unknown): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      next(error);
    };
    const timer = setTimeout(
      () => end(new AppError('request_timeout', { details: { limitSeconds: timeoutMs / 1000 } })),
      timeoutMs,
    );
    parse(request, response, end);
  };
}
