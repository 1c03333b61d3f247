/**
 * What an API key is: `ak_<id>_<secret>` for its owner, and for us a record with the SHA-256 of the secret. The secret is 32
 * random bytes, so nobody can try them all and a slow hash would only slow every request. The id is no secret.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { tenantSchema } from '../contracts/job.js';

export const scopeSchema = z.enum(['submit', 'read', 'admin']);
export type Scope = z.infer<typeof scopeSchema>;

export const keyIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'not the id of a key');

export const apiKeySchema = z.strictObject({
  id: keyIdSchema,
  tenant: tenantSchema,
  scopes: z.array(scopeSchema).min(1),
  /** For people: where the key is used. */
  name: z.string().max(100),
  secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** A key as it may be shown. */
export type ApiKeyView = Omit<ApiKey, 'secretSha256'>;

export function viewOf(key: ApiKey): ApiKeyView {
  const view: ApiKeyView & { secretSha256?: string } = { ...key };
  delete view.secretSha256;
  return view;
}

export type KeyState = 'active' | 'expired' | 'revoked';

export function keyState(key: ApiKeyView, nowMs: number): KeyState {
  if (key.revokedAt !== undefined) return 'revoked';
  return key.expiresAt !== undefined && Date.parse(key.expiresAt) <= nowMs ? 'expired' : 'active';
}

// A base64url secret may hold `_` too, so its length decides where it begins.
const PRESENTED = /^ak_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** The parts of a key as its owner sends it; `undefined` for anything else. */
export function parsePresented(presented: string): { id: string; secret: string } | undefined {
  const [, id, secret] = PRESENTED.exec(presented) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A new id and secret; `presented` is what the owner gets, once. */
export function generateKey(): { id: string; secretSha256: string; presented: string } {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, secretSha256: sha256(secret).toString('hex'), presented: `ak_${id}_${secret}` };
}

/** Compares in constant time; without a key it does the same work and says no. */
export function isSecretOf(key: ApiKey | null, secret: string): boolean {
  const expected = key ? Buffer.from(key.secretSha256, 'hex') : NOBODY;
  return timingSafeEqual(sha256(secret), expected) && key !== null;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const NOBODY = sha256('');
