/**
 * Idempotency keys that follow from what is sent: the same bytes with the same options have the same key, so a command that
 * was broken off after its batch was made finds that batch again instead of making a second one. The service keeps keys for
 * 24 hours.
 */
import { createHash } from 'node:crypto';

/** @param parts anything JSON can say; undefined fields do not count */
export function derivedKey(...parts: unknown[]): string {
  return `timbre-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)}`;
}
