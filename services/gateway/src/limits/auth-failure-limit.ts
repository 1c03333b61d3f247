/**
 * Stops an address that keeps presenting keys nobody has. Each unknown key costs a look into the object store, before any
 * other limit knows whom to count. Requests that are let in cost nothing here, and a key that was let in before goes on to
 * authentication whatever others at its address do: a whole office, or everybody behind one proxy, can share an address.
 */
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { presentedKey } from '../http/authenticate.js';
import { contextOf } from '../http/request-context.js';
import { addressKey } from './client-key.js';
import { rateLimited } from './rate-limit.js';
import { createTokenBuckets, type TokenBucketsOptions } from './token-buckets.js';

export type AuthFailureLimitOptions = Partial<TokenBucketsOptions>;

/** Keys remembered as good; past it the one that was let in longest ago is forgotten. */
const maxGoodKeys = 10_000;

/** Stands before authentication. Default: 50 failures at once, then one a second. The middleware fails with `rate_limited`. */
export function createAuthFailureLimit(options: AuthFailureLimitOptions = {}): RequestHandler {
  const failures = createTokenBuckets({ perSecond: 1, burst: 50, ...options });
  const good = createGoodKeys();
  return (request, response, next) => {
    const address = addressKey(request);
    const key = presentedKey((name) => request.get(name));
    const digest = key === undefined ? undefined : createHash('sha256').update(key).digest('base64');
    const { allowed, nextSeconds } = failures.look(address);
    if (!allowed && !good.has(digest)) throw rateLimited({ reason: 'failed authentication' }, nextSeconds);
    response.once('finish', () => {
      if (response.statusCode !== 401) return;
      failures.take(address);
      good.forget(digest);
    });
    response.once('close', () => {
      if (contextOf(request).principal) good.add(digest);
    });
    next();
  };
}

/** Digests of keys that passed authentication: never the keys, which nothing but a request should hold. */
function createGoodKeys() {
  const digests = new Set<string>();
  return {
    has: (digest: string | undefined) => digest !== undefined && digests.has(digest),
    forget: (digest: string | undefined) => void (digest !== undefined && digests.delete(digest)),
    add(digest: string | undefined) {
      if (digest === undefined) return;
      digests.delete(digest);
      digests.add(digest);
      const [oldest] = digests;
      if (digests.size > maxGoodKeys && oldest !== undefined) digests.delete(oldest);
    },
  };
}
