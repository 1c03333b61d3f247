/**
 * Stops an address that keeps presenting keys nobody has. Each unknown key costs a look into the object store, before any
 * other limit knows whom to count; requests that are let in cost nothing here.
 */
import type { RequestHandler } from 'express';
import { addressKey } from './client-key.js';
import { rateLimited } from './rate-limit.js';
import { createTokenBuckets, type TokenBucketsOptions } from './token-buckets.js';

export type AuthFailureLimitOptions = Partial<TokenBucketsOptions>;

/** Stands before authentication. Default: 50 failures at once, then one a second. The middleware fails with `rate_limited`. */
export function createAuthFailureLimit(options: AuthFailureLimitOptions = {}): RequestHandler {
  const failures = createTokenBuckets({ perSecond: 1, burst: 50, ...options });
  return (request, response, next) => {
    const key = addressKey(request);
    const { allowed, nextSeconds } = failures.look(key);
    if (!allowed) throw rateLimited({ reason: 'failed authentication' }, nextSeconds);
    response.once('finish', () => {
      if (response.statusCode === 401) failures.take(key);
    });
    next();
  };
}
