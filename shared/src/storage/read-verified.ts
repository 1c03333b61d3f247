/**
 * Reading a whole object, the same way on every driver: patience with a late object, and a checksum that is read again
 * before the object is called damaged, because the fault is more often on the way than on the disk.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../errors.js';
import type { ReadAllOptions } from './object-store.js';
import { retryMissing, type Clock } from './retry.js';

/** RELIABILITY.md F23: the first read and two more. */
const READS = 3;

/** @param readOnce one complete read by the driver, its own retries included */
export async function readVerified(
  readOnce: () => Promise<Buffer>,
  { expectedSha256, retryMissingMs, signal }: ReadAllOptions,
  clock: Clock,
): Promise<Buffer> {
  let observed = '';
  for (let reads = 0; reads < READS; reads++) {
    const content = await retryMissing({ forMs: retryMissingMs, clock, signal }, readOnce);
    if (expectedSha256 === undefined) return content;
    observed = createHash('sha256').update(content).digest('hex');
    if (observed === expectedSha256.toLowerCase()) return content;
  }
  throw new AppError('storage_corrupt', { details: { expected: expectedSha256, observed, reads: READS } });
}
