/** Counts, bounds and hashes content while it passes, and compares it with what the caller expects. */
import { createHash } from 'node:crypto';
import { AppError } from '../errors.js';
import type { PutOptions } from './object-store.js';

export interface ContentCheck {
  /** @throws AppError `payload_too_large` as soon as the limit is passed */
  add(chunk: Uint8Array): void;
  /** Call once, at the end. @throws AppError `checksum_mismatch` */
  finish(): { bytes: number; sha256: string };
}

export function createContentCheck({ maxBytes = Infinity, expectedSha256 }: PutOptions): ContentCheck {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    add(chunk) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge(maxBytes, bytes);
      hash.update(chunk);
    },
    finish() {
      const sha256 = hash.digest('hex');
      if (expectedSha256 !== undefined && sha256 !== expectedSha256.toLowerCase())
        throw new AppError('checksum_mismatch', { details: { expected: expectedSha256, observed: sha256 } });
      return { bytes, sha256 };
    },
  };
}

export function tooLarge(limit: number, observed: number): AppError {
  return new AppError('payload_too_large', { details: { limit, observed } });
}
