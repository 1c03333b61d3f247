/**
 * API keys, `ak_<id>_<secret>`, kept as objects `auth/keys/<id>.json` with the SHA-256 of the secret: 32 random bytes need
 * no slow hash. They survive the loss of Redis and need none; a revocation reaches every gateway within `cacheMs`.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { AppError, isAppError } from '../errors.js';
import { tenantSchema } from '../contracts/job.js';
import type { ObjectStore } from '../storage/object-store.js';

export const scopeSchema = z.enum(['submit', 'read', 'admin']);
export type Scope = z.infer<typeof scopeSchema>;

export const apiKeySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  tenant: tenantSchema,
  scopes: z.array(scopeSchema).min(1),
  name: z.string().max(100),
  secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

export interface Principal {
  keyId: string;
  tenant: string;
  scopes: readonly Scope[];
}

export interface NewKey {
  tenant: string;
  scopes: Scope[];
  name?: string;
  expiresAt?: Date;
}

export interface KeyStore {
  /** The presented form is returned once and never stored. */
  create(key: NewKey): Promise<{ key: ApiKey; presented: string }>;
  list(): Promise<ApiKey[]>;
  /** @throws AppError `not_found` */
  revoke(id: string): Promise<ApiKey>;
  /** A new key of the same rights; the old one expires after `overlapMs`. @throws AppError `not_found` */
  rotate(id: string, overlapMs: number): Promise<{ key: ApiKey; presented: string }>;
  /** @throws AppError `auth_invalid`, `auth_expired` */
  authenticate(presented: string): Promise<Principal>;
}

export interface KeyStoreOptions {
  cacheMs?: number;
  now?: () => number;
}

const prefix = 'auth/keys/';
const pattern = /^ak_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
/** Ids remembered, known or not; past it the oldest go, so guessing ids cannot fill memory. */
const maxCached = 10_000;
const digest = (secret: string) => createHash('sha256').update(secret).digest();
const nobody = digest('');

export function createKeyStore(store: ObjectStore, { cacheMs = 5000, now = Date.now }: KeyStoreOptions = {}): KeyStore {
  const cache = new Map<string, { at: number; key: Promise<ApiKey | null> }>();
  const objectKey = (id: string) => `${prefix}${id}.json`;

  const read = async (id: string): Promise<ApiKey | null> => {
    try {
      return apiKeySchema.parse(JSON.parse((await store.readAll(objectKey(id))).toString('utf8')));
    } catch (error) {
      if (isAppError(error) && error.code === 'object_missing') return null;
      throw error;
    }
  };
  /** One read per id and `cacheMs`, shared by all who ask meanwhile. */
  const cached = (id: string): Promise<ApiKey | null> => {
    const hit = cache.get(id);
    if (hit && now() - hit.at < cacheMs) return hit.key;
    const key = read(id);
    key.catch(() => cache.delete(id));
    cache.delete(id);
    cache.set(id, { at: now(), key });
    if (cache.size > maxCached) cache.delete(cache.keys().next().value ?? '');
    return key;
  };
  const write = async (key: ApiKey): Promise<ApiKey> => {
    await store.put(objectKey(key.id), Buffer.from(JSON.stringify(key)), { contentType: 'application/json' });
    cache.delete(key.id);
    return key;
  };
  const requireKey = async (id: string): Promise<ApiKey> => {
    const key = /^[0-9a-f]{16}$/.test(id) ? await read(id) : null;
    if (!key) throw new AppError('not_found', { detail: 'no key has this id' });
    return key;
  };
  const create = async ({ tenant, scopes, name = '', expiresAt }: NewKey) => {
    const secret = randomBytes(32).toString('base64url');
    const key = apiKeySchema.parse({
      id: randomBytes(8).toString('hex'),
      tenant,
      scopes,
      name,
      secretSha256: digest(secret).toString('hex'),
      createdAt: new Date(now()).toISOString(),
      ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
    });
    await write(key);
    return { key, presented: `ak_${key.id}_${secret}` };
  };

  return {
    create,
    async list() {
      const keys: ApiKey[] = [];
      for await (const { key } of store.list(prefix)) {
        const found = await read(key.slice(prefix.length).replace(/\.json$/, ''));
        if (found) keys.push(found);
      }
      return keys;
    },
    revoke: async (id) => write({ ...(await requireKey(id)), revokedAt: new Date(now()).toISOString() }),
    async rotate(id, overlapMs) {
      const old = await requireKey(id);
      const { tenant, scopes, name } = old;
      const made = await create({ tenant, scopes, name });
      const end = Math.min(now() + overlapMs, old.expiresAt ? Date.parse(old.expiresAt) : Infinity);
      await write({ ...old, expiresAt: new Date(end).toISOString() });
      return made;
    },
    async authenticate(presented) {
      const [, id, secret] = pattern.exec(presented) ?? [];
      const key = id === undefined ? null : await cached(id);
      // Compared even when there is no such key, so both refusals take the same work.
      const same = timingSafeEqual(digest(secret ?? ''), key ? Buffer.from(key.secretSha256, 'hex') : nobody);
      if (!key || !same || key.revokedAt !== undefined) throw new AppError('auth_invalid');
      if (key.expiresAt !== undefined && Date.parse(key.expiresAt) <= now()) throw new AppError('auth_expired');
      return { keyId: key.id, tenant: key.tenant, scopes: key.scopes };
    },
  };
}
