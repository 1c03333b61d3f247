/**
 * `Idempotency-Key`: the first request with a key decides; the same request again gets the same job, another request with
 * the key is refused, and one that comes while the first is at work is told to wait. Kept for 24 hours.
 */
import type { Request } from 'express';
import { AppError } from '@timbre/shared/errors';
import { digestOf } from '@timbre/shared/digest';
import type { Principal } from '@timbre/shared/auth/api-keys';
import { ledgerKeys } from '@timbre/shared/queue/ledger-keys';
import type { Ledger, SubmitOptions } from '@timbre/shared/queue/ledger';

const ttlSeconds = 86_400;
/** A request that dies leaves its reservation this long. */
const pendingSeconds = 300;
const acceptable = /^[\x21-\x7e]{1,255}$/;

export interface IdempotencyClaim {
  /** The job that the key already made; the caller compares the body before it answers with it. */
  existing: { jobId: string; bodyDigest: string } | undefined;
  /** Goes into the submission, so the key is bound in the same script that makes the job. */
  bind(jobId: string, body: unknown): NonNullable<SubmitOptions['idempotency']>;
  /** @throws AppError `idempotency_mismatch` */
  requireSame(body: unknown): void;
  /** Gives a reservation back when the request came to nothing. */
  abandon(): Promise<void>;
}

/** `undefined` when the request has no key. @throws AppError `idempotency_in_progress`, `invalid_parameter` */
export async function claimIdempotency(
  request: Request,
  { tenant }: Principal,
  ledger: Ledger,
): Promise<IdempotencyClaim | undefined> {
  const key = request.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!acceptable.test(key))
    throw new AppError('invalid_parameter', { detail: 'Idempotency-Key: 1 to 255 printable ASCII characters' });
  // Route and key together: the same key on another call is another thing.
  const name = digestOf([request.method, request.baseUrl + request.path, key]);
  const found = await ledger.reserveIdempotency(tenant, name, pendingSeconds);
  if (found === 'pending') throw new AppError('idempotency_in_progress', { retryAfterSeconds: 1 });
  const existing = found === '' ? undefined : (JSON.parse(found) as { jobId: string; bodyDigest: string });
  return {
    existing,
    bind: (jobId, body) => ({
      key: ledgerKeys.idempotency(tenant, name),
      value: JSON.stringify({ jobId, bodyDigest: digestOf(body) }),
      ttlSeconds,
    }),
    requireSame(body) {
      if (existing && existing.bodyDigest !== digestOf(body)) throw new AppError('idempotency_mismatch');
    },
    async abandon() {
      if (!existing) await ledger.releaseIdempotency(tenant, name).catch(() => undefined);
    },
  };
}
