/**
 * The request rate of one API key, or of one address while the gateway is open. Counted in this process: why, and what that
 * means with several gateways, is in docs/decisions/0005-rate-limits.md.
 *
 * Every answer says how much is left (`RateLimit`, `RateLimit-Policy`: draft-ietf-httpapi-ratelimit-headers-10), so a client
 * can slow down before it is refused.
 */
import type { Request, RequestHandler } from 'express';
import { AppError } from '@timbre/shared/errors';
import { principalKey } from './client-key.js';
import { createTokenBuckets, type TokenBucketsOptions } from './token-buckets.js';

export interface RateLimitOptions extends TokenBucketsOptions {
  /** Whom the request counts for. Default: its API key, or the client's address while the gateway is open. */
  keyOf?: (request: Request) => string;
}

/** Stands behind authentication. The middleware fails with `rate_limited`. */
export function createRateLimit({ keyOf = principalKey, ...options }: RateLimitOptions): RequestHandler {
  const buckets = createTokenBuckets(options);
  const { perSecond, burst } = options;
  const policy = `"default";q=${burst};w=${Math.ceil(burst / perSecond)}`;

  return (request, response, next) => {
    const { allowed, remaining, nextSeconds } = buckets.take(keyOf(request));
    response.setHeader('RateLimit-Policy', policy);
    response.setHeader('RateLimit', `"default";r=${remaining};t=${Math.ceil(nextSeconds)}`);
    if (!allowed) throw rateLimited({ limitPerSecond: perSecond, burst }, nextSeconds);
    next();
  };
}

/** `Retry-After` has whole seconds, and 0 of them would invite a client to spin. */
export function rateLimited(details: Record<string, unknown>, waitSeconds: number): AppError {
  return new AppError('rate_limited', { details, retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) });
}
