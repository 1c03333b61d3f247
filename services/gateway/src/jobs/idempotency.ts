/**
 * `Idempotency-Key`: the first request with a key decides; the same request again gets the same job, another request with
 * the key is refused, and one that comes while the first is at work is told to wait. Kept for 24 hours, or as long as the job.
 *
 * A key is free, reserved by one request (whose token it holds, renewed while the upload lasts), or bound to a job by the
 * script that makes the job. Only the owner of a reservation can bind it or give it back.
 */
import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { AppError, isAppError } from '@timbre/shared/errors';
import { digestOf } from '@timbre/shared/digest';
import type { Principal } from '@timbre/shared/auth/api-keys';
import { ledgerKeys } from '@timbre/shared/queue/ledger-keys';
import type { Ledger, SubmitOptions } from '@timbre/shared/queue/ledger';

const keepSeconds = 86_400;
/** A request that dies leaves its reservation this long. */
const reserveSeconds = 60;
const acceptable = /^[\x21-\x7e]{1,255}$/;

export interface IdempotencyClaim {
  /** The job that the key already made; the caller compares the body before it answers with it. */
  existing: { jobId: string; bodyDigest: string } | undefined;
  /** Goes into the submission, so the key is bound in the same script that makes the job. */
  bind(jobId: string, body: unknown, retentionSeconds: number): NonNullable<SubmitOptions['idempotency']>;
  /** @throws AppError `idempotency_mismatch` */
  requireSame(body: unknown): void;
  /** Ends the claim. A request that certainly came to nothing gives its reservation back. */
  end(failure?: unknown): Promise<void>;
}

/** `undefined` when the request has no key. @throws AppError `idempotency_in_progress`, `invalid_parameter` */
export async function claimIdempotency(
  request: Request,
  { tenant }: Principal,
  ledger: Ledger,
): Promise<IdempotencyClaim | undefined> {
  const given = request.get('idempotency-key');
  if (given === undefined) return undefined;
  if (!acceptable.test(given))
    throw new AppError('invalid_parameter', { detail: 'Idempotency-Key: 1 to 255 printable ASCII characters' });
  // Route and key together: the same key on another call is another thing.
  const key = ledgerKeys.idempotency(tenant, digestOf([request.method, request.baseUrl + request.path, given]));
  const token = randomUUID();
  const found = await ledger.reserveIdempotency(key, token, reserveSeconds);
  if (found.startsWith('pending:')) throw new AppError('idempotency_in_progress', { retryAfterSeconds: 1 });
  const existing = found === '' ? undefined : (JSON.parse(found) as { jobId: string; bodyDigest: string });
  const renewing = setInterval(
    () => {
      ledger.renewIdempotency(key, token, reserveSeconds).catch(() => undefined);
    },
    (reserveSeconds * 1000) / 3,
  );
  return {
    existing,
    bind: (jobId, body, retentionSeconds) => ({
      key,
      token,
      value: JSON.stringify({ jobId, bodyDigest: digestOf(body) }),
      ttlSeconds: Math.min(keepSeconds, retentionSeconds),
    }),
    requireSame(body) {
      if (existing && existing.bodyDigest !== digestOf(body)) throw new AppError('idempotency_mismatch');
    },
    async end(failure) {
      clearInterval(renewing);
      if (existing || failure === undefined) return;
      // Redis not answering does not mean that it did nothing: the job may exist, and the key must lead to it.
      if (isAppError(failure) && failure.code === 'dependency_unavailable') return;
      await ledger.renewIdempotency(key, token, 0).catch(() => undefined);
    },
  };
}
