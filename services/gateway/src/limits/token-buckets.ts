/**
 * Token buckets, one per key, in this process: `burst` requests at once, and `perSecond` for as long as it takes.
 *
 * Kept as the generic cell rate algorithm (ITU-T I.371): instead of a count and a time, each bucket is the one moment at which
 * it is full again. Taking a token moves that moment by `1 / perSecond`, and a moment in the past is a full bucket, the same
 * as none at all: so nothing has to be kept about keys that have been quiet for `burst / perSecond` seconds, and no timer runs.
 */
export interface TokenBucketsOptions {
  perSecond: number;
  burst: number;
  /** Keys remembered at once; past it the longest quiet one is forgotten, which forgives it. Default 100,000. */
  maxKeys?: number | undefined;
  /** Milliseconds on a clock that never goes back. Default: `performance.now`. */
  now?: (() => number) | undefined;
}

export interface Verdict {
  allowed: boolean;
  /** Whole tokens left. */
  remaining: number;
  /** Seconds until there is one token more (0: the bucket is full); when refused, until there is one at all. */
  nextSeconds: number;
}

export interface TokenBuckets {
  /** Takes a token if there is one. */
  take(key: string): Verdict;
  /** The same answer without taking. */
  look(key: string): Verdict;
  /** Buckets that are not full. */
  readonly size: number;
}

export function createTokenBuckets(options: TokenBucketsOptions): TokenBuckets {
  const { perSecond, burst, maxKeys = 100_000, now = () => performance.now() } = options;
  const tokenMs = 1000 / perSecond;
  /** Key → when its bucket is full, the longest quiet key first. */
  const fullAt = new Map<string, number>();

  const tokensAt = (time: number, full: number) => burst - Math.max(0, full - time) / tokenMs;
  const judge = (tokens: number, allowed: boolean): Verdict => {
    // A token that is there but for rounding is there.
    const remaining = Math.max(0, Math.floor(tokens + 1e-6));
    const missing = remaining >= burst ? 0 : remaining + 1 - tokens;
    return { allowed, remaining, nextSeconds: (missing * tokenMs) / 1000 };
  };
  const forgetFull = (time: number) => {
    for (const [key, full] of fullAt) {
      if (full > time && fullAt.size <= maxKeys) return;
      fullAt.delete(key);
    }
  };

  return {
    take(key) {
      const time = now();
      const full = Math.max(time, fullAt.get(key) ?? 0);
      const tokens = tokensAt(time, full);
      if (tokens < 1 - 1e-6) return judge(tokens, false);
      fullAt.delete(key);
      fullAt.set(key, full + tokenMs);
      forgetFull(time);
      return judge(tokens - 1, true);
    },
    look(key) {
      const time = now();
      const tokens = tokensAt(time, fullAt.get(key) ?? 0);
      return judge(tokens, tokens >= 1 - 1e-6);
    },
    get size() {
      return fullAt.size;
    },
  };
}
