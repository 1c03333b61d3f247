/**
 * The API keys of an installation, as objects `auth/keys/<id>.json`: they survive the loss of Redis, need no database, and are
 * the same for every gateway. A key that was revoked elsewhere is refused here after `cacheMs` at the latest.
 *
 * States of a key: active → revoked, at once; active → expired, at its `expiresAt`. Nothing makes it active again. Objects are
 * written whole, the last one wins: two operators who change one key at the same moment should look at the list afterwards.
 */
import { AppError, isAppError } from '../errors.js';
import type { ObjectStore } from '../storage/object-store.js';
import {
  apiKeySchema,
  generateKey,
  isSecretOf,
  keyIdSchema,
  keyState,
  parsePresented,
  viewOf,
  type ApiKey,
  type ApiKeyView,
  type Scope,
} from './api-key.js';
import { createKeyCache } from './key-cache.js';

/** Who is asking: what a key stands for once it has been checked. */
export interface Principal {
  keyId: string;
  tenant: string;
  scopes: readonly Scope[];
}

export interface NewKey {
  tenant: string;
  scopes: readonly Scope[];
  name?: string | undefined;
  /** Default: never. */
  expiresAt?: Date | undefined;
}

export interface CreatedKey {
  key: ApiKeyView;
  /** `ak_<id>_<secret>`: only here, never stored. */
  presented: string;
}

export interface RotateOptions {
  /** How long the old key stays valid. Default 24 h; never beyond its own `expiresAt`. */
  overlapMs?: number | undefined;
  /** Of the new key. Default: the lifetime the old one was made with, from now; none if it had none. */
  expiresAt?: Date | undefined;
}

export interface KeyStore {
  /** @throws AppError `invalid_parameter`, with `details.issues` */
  create(key: NewKey): Promise<CreatedKey>;
  /** Oldest first, revoked and expired ones too. */
  list(): Promise<ApiKeyView[]>;
  /** Revoking again changes nothing. @throws AppError `not_found` */
  revoke(id: string): Promise<ApiKeyView>;
  /** A new key with the rights of the old one. @throws AppError `not_found`; `conflict` when the old one is not active */
  rotate(id: string, options?: RotateOptions): Promise<CreatedKey>;
  /** @throws AppError `auth_invalid` (also for a revoked key), `auth_expired`; storage errors as they are */
  authenticate(presented: string): Promise<Principal>;
}

export interface KeyStoreOptions {
  /** How long a key, or that there is none, is remembered. */
  cacheMs?: number | undefined;
  /** Milliseconds since 1970. */
  now?: (() => number) | undefined;
  maxCached?: number | undefined;
}

const PREFIX = 'auth/keys/';
const OBJECT = /^auth\/keys\/([0-9a-f]{16})\.json$/;
const MAX_RECORD_BYTES = 16 * 1024;
const DAY_MS = 86_400_000;
const READS_AT_ONCE = 16;

const objectKey = (id: string) => `${PREFIX}${id}.json`;

export function createKeyStore(store: ObjectStore, options: KeyStoreOptions = {}): KeyStore {
  const { cacheMs = 5000, now = Date.now, maxCached } = options;
  const cache = createKeyCache({ read: (id) => readKey(store, id), cacheMs, now, maxEntries: maxCached });

  const write = async (key: ApiKey): Promise<ApiKeyView> => {
    await store.put(objectKey(key.id), Buffer.from(JSON.stringify(key)), { contentType: 'application/json' });
    cache.forget(key.id);
    return viewOf(key);
  };
  const create = async ({ tenant, scopes, name = '', expiresAt }: NewKey): Promise<CreatedKey> => {
    const { presented, ...made } = generateKey();
    const key = requireValid({
      ...made,
      tenant,
      scopes: [...new Set(scopes)],
      name,
      createdAt: isoTime(now()),
      ...(expiresAt ? { expiresAt: isoTime(expiresAt.getTime()) } : {}),
    });
    return { key: await write(key), presented };
  };

  return {
    create,
    list: () => listKeys(store),
    async revoke(id) {
      const key = await requireKey(store, id);
      return key.revokedAt === undefined ? write({ ...key, revokedAt: isoTime(now()) }) : viewOf(key);
    },
    async rotate(id, { overlapMs = DAY_MS, expiresAt } = {}) {
      const old = await requireKey(store, id);
      const state = keyState(old, now());
      if (state !== 'active')
        throw new AppError('conflict', { detail: `a key that is ${state} cannot be rotated`, details: { state } });
      // The new key first: if this fails in between, there is one key too many rather than none.
      const made = await create({ ...old, expiresAt: expiresAt ?? sameLifetime(old, now()) });
      const end = Math.min(now() + overlapMs, old.expiresAt === undefined ? Infinity : Date.parse(old.expiresAt));
      await write({ ...old, expiresAt: isoTime(end) });
      return made;
    },
    async authenticate(presented) {
      const { id, secret } = parsePresented(presented) ?? {};
      const key = id === undefined ? null : await cache.get(id);
      // The state of a key is only told to who has its secret.
      if (!isSecretOf(key, secret ?? '') || key === null) throw new AppError('auth_invalid');
      const state = keyState(key, now());
      if (state !== 'active') throw new AppError(state === 'expired' ? 'auth_expired' : 'auth_invalid');
      return { keyId: key.id, tenant: key.tenant, scopes: key.scopes };
    },
  };
}

const isoTime = (ms: number) => new Date(ms).toISOString();

function sameLifetime({ createdAt, expiresAt }: ApiKey, nowMs: number): Date | undefined {
  return expiresAt === undefined ? undefined : new Date(nowMs + Date.parse(expiresAt) - Date.parse(createdAt));
}

async function readKey(store: ObjectStore, id: string): Promise<ApiKey | null> {
  let content: Buffer;
  try {
    content = await store.readAll(objectKey(id), { maxBytes: MAX_RECORD_BYTES });
  } catch (error) {
    if (isAppError(error) && error.code === 'object_missing') return null;
    throw error;
  }
  try {
    const key = apiKeySchema.parse(JSON.parse(content.toString('utf8')));
    if (key.id !== id) throw new Error(`it holds the key ${key.id}`);
    return key;
  } catch (cause) {
    throw new AppError('internal', { detail: `the API key in ${objectKey(id)} cannot be read`, cause });
  }
}

async function requireKey(store: ObjectStore, id: string): Promise<ApiKey> {
  const key = keyIdSchema.safeParse(id).success ? await readKey(store, id) : null;
  if (!key) throw new AppError('not_found', { detail: 'no key has this id' });
  return key;
}

async function listKeys(store: ObjectStore): Promise<ApiKeyView[]> {
  const ids: string[] = [];
  for await (const { key } of store.list(PREFIX)) {
    const id = OBJECT.exec(key)?.[1];
    if (id !== undefined) ids.push(id);
  }
  const keys: ApiKey[] = [];
  while (ids.length > 0) {
    const some = await Promise.all(ids.splice(0, READS_AT_ONCE).map((id) => readKey(store, id)));
    keys.push(...some.filter((key) => key !== null));
  }
  return keys.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).map(viewOf);
}

function requireValid(key: ApiKey): ApiKey {
  const parsed = apiKeySchema.safeParse(key);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ pointer: `/${path.join('/')}`, message }));
  throw new AppError('invalid_parameter', { detail: 'these are not the facts of an API key', details: { issues } });
}
