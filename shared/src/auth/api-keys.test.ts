import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../errors.js';
import { createFileStore } from '../storage/file-store.js';
import type { ObjectStore } from '../storage/object-store.js';
import { createKeyStore, type NewKey } from './api-keys.js';

const HOUR_MS = 3_600_000;
const start = Date.parse('2026-01-01T00:00:00.000Z');
const clock = { ms: start };
const now = () => clock.ms;
const reads: string[] = [];
let folder: string;
let store: ObjectStore;

beforeEach(async () => {
  clock.ms = start;
  folder = await mkdtemp(join(tmpdir(), 'timbre-keys-'));
  const files = createFileStore({ root: folder });
  reads.length = 0;
  store = {
    ...files,
    readAll: (key, options) => {
      reads.push(key);
      return files.readAll(key, options);
    },
  };
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => createKeyStore(store, { cacheMs: 5000, now });
const studio: NewKey = { tenant: 'studio', scopes: ['submit', 'read'], name: 'the mixing desk' };
const failing = (code: string) => expect.objectContaining({ code }) as Error;
const unknownKey = `ak_${'0'.repeat(16)}_${'A'.repeat(43)}`;

describe('create', () => {
  it('gives a key of 63 characters that authenticates as its tenant with its scopes', async () => {
    const keys = open();
    const { key, presented } = await keys.create({ ...studio, scopes: ['submit', 'read', 'submit'] });
    expect(presented).toMatch(/^ak_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(presented).toHaveLength(63);
    expect(key).toEqual({ ...studio, id: presented.slice(3, 19), createdAt: '2026-01-01T00:00:00.000Z' });
    expect(await keys.authenticate(presented)).toEqual({ keyId: key.id, tenant: 'studio', scopes: ['submit', 'read'] });
  });

  it('stores no secret and shows no hash', async () => {
    const keys = open();
    const { presented, key } = await keys.create(studio);
    const stored = (await store.readAll(`auth/keys/${key.id}.json`)).toString();
    expect(stored).not.toContain(presented.slice(20));
    expect(stored).toMatch(/"secretSha256":"[0-9a-f]{64}"/);
    expect(JSON.stringify([key, await keys.list()])).not.toContain('secretSha256');
  });

  it.each([
    ['a tenant with capitals', { ...studio, tenant: 'Studio' }, '/tenant'],
    ['a tenant that is a path', { ...studio, tenant: '../x' }, '/tenant'],
    ['no scope', { ...studio, scopes: [] }, '/scopes'],
    ['a scope nobody knows', { ...studio, scopes: ['root' as 'admin'] }, '/scopes/0'],
    ['a name of 101 characters', { ...studio, name: 'x'.repeat(101) }, '/name'],
  ])('refuses %s and stores nothing', async (_title, key, pointer) => {
    await expect(open().create(key)).rejects.toMatchObject({
      code: 'invalid_parameter',
      details: { issues: [{ pointer }] },
    });
    expect(await open().list()).toEqual([]);
  });
});

describe('authenticate', () => {
  it('refuses everything that is no key, unknown ids, and each single changed character of a key', async () => {
    const keys = open();
    const { presented } = await keys.create(studio);
    const changed = Array.from(presented, (char, at) => {
      const other = char === '0' ? '1' : '0';
      return presented.slice(0, at) + other + presented.slice(at + 1);
    });
    const others = [
      '',
      'ak_',
      'ak__',
      unknownKey,
      `${presented}A`,
      ` ${presented}`,
      presented.toUpperCase(),
      '\0',
      '💥',
    ];
    for (const wrong of [...changed, ...others, 'x'.repeat(100_000)])
      await expect(keys.authenticate(wrong), wrong.slice(0, 80)).rejects.toEqual(failing('auth_invalid'));
  });

  it('does the same work for an unknown id as for a wrong secret: one read, then none for 5 s', async () => {
    const keys = open();
    const { key } = await keys.create(studio);
    const wrongSecret = `ak_${key.id}_${'A'.repeat(43)}`;
    for (const presented of [wrongSecret, unknownKey]) {
      reads.length = 0;
      for (let time = 0; time < 10; time++)
        await expect(keys.authenticate(presented)).rejects.toEqual(failing('auth_invalid'));
      expect(reads).toEqual([`auth/keys/${presented.slice(3, 19)}.json`]);
    }
  });

  it('reads once for 100 requests at the same moment', async () => {
    const { presented } = await open().create(studio);
    const keys = open();
    await Promise.all(Array.from({ length: 100 }, () => keys.authenticate(presented)));
    expect(reads).toHaveLength(1);
  });

  it('says auth_expired at the expiry, and only to who has the secret', async () => {
    const keys = open();
    const { key, presented } = await keys.create({ ...studio, expiresAt: new Date(start + HOUR_MS) });
    clock.ms = start + HOUR_MS - 1;
    expect(await keys.authenticate(presented)).toMatchObject({ keyId: key.id });
    clock.ms = start + HOUR_MS;
    await expect(keys.authenticate(presented)).rejects.toEqual(failing('auth_expired'));
    await expect(keys.authenticate(`ak_${key.id}_${'A'.repeat(43)}`)).rejects.toEqual(failing('auth_invalid'));
  });

  it('passes on what the store says and asks again the next time', async () => {
    const { presented } = await open().create(studio);
    const working = store;
    const keys = createKeyStore(
      {
        ...working,
        readAll: (key) => (down ? Promise.reject(new AppError('dependency_unavailable')) : working.readAll(key)),
      },
      { now },
    );
    let down = true;
    await expect(keys.authenticate(presented)).rejects.toEqual(failing('dependency_unavailable'));
    down = false;
    expect(await keys.authenticate(presented)).toMatchObject({ tenant: 'studio' });
  });

  it.each([
    ['is not JSON', 'no'],
    ['lacks the hash', JSON.stringify({ id: '0'.repeat(16), tenant: 'studio', scopes: ['admin'], name: '' })],
    ['belongs to another id', undefined],
  ])('fails with internal, naming the object, when it %s', async (_title, content) => {
    const keys = open();
    const { key } = await keys.create(studio);
    const foreign = await store.readAll(`auth/keys/${key.id}.json`);
    await store.put(`auth/keys/${'0'.repeat(16)}.json`, content === undefined ? foreign : Buffer.from(content));
    await expect(keys.authenticate(unknownKey)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining(`auth/keys/${'0'.repeat(16)}.json`),
    });
  });
});

describe('revoke', () => {
  it('refuses the key here at once and in another process within 5 s, and keeps the first date', async () => {
    const here = open();
    const elsewhere = open();
    const { key, presented } = await here.create(studio);
    await elsewhere.authenticate(presented);
    expect(await here.revoke(key.id)).toMatchObject({ revokedAt: '2026-01-01T00:00:00.000Z' });
    await expect(here.authenticate(presented)).rejects.toEqual(failing('auth_invalid'));
    clock.ms += 4999;
    expect(await elsewhere.authenticate(presented)).toMatchObject({ keyId: key.id });
    clock.ms += 1;
    await expect(elsewhere.authenticate(presented)).rejects.toEqual(failing('auth_invalid'));
    expect(await here.revoke(key.id)).toMatchObject({ revokedAt: '2026-01-01T00:00:00.000Z' });
  });

  it.each(['0'.repeat(16), '../../etc', '', 'x'])('answers not_found for the id %j', async (id) => {
    await expect(open().revoke(id)).rejects.toEqual(failing('not_found'));
    await expect(open().rotate(id)).rejects.toEqual(failing('not_found'));
  });
});

describe('rotate', () => {
  it('makes a key of the same rights; both are valid for the overlap of 1 h, then the new one', async () => {
    const keys = open();
    const old = await keys.create(studio);
    const made = await keys.rotate(old.key.id, { overlapMs: HOUR_MS });
    expect(made.key).toMatchObject({ ...studio });
    expect(made.key.id).not.toBe(old.key.id);
    clock.ms = start + HOUR_MS - 1;
    expect(await keys.authenticate(old.presented)).toMatchObject({ tenant: 'studio' });
    clock.ms = start + HOUR_MS;
    await expect(keys.authenticate(old.presented)).rejects.toEqual(failing('auth_expired'));
    expect(await keys.authenticate(made.presented)).toMatchObject({ tenant: 'studio', scopes: studio.scopes });
  });

  it('gives the new key the lifetime of the old one and never prolongs the old one', async () => {
    const keys = open();
    const old = await keys.create({ ...studio, expiresAt: new Date(start + 10 * HOUR_MS) });
    clock.ms = start + 9 * HOUR_MS;
    const made = await keys.rotate(old.key.id, { overlapMs: 24 * HOUR_MS });
    expect(made.key.expiresAt).toBe('2026-01-01T19:00:00.000Z');
    const listed = await keys.list();
    expect(listed.find(({ id }) => id === old.key.id)?.expiresAt).toBe('2026-01-01T10:00:00.000Z');
  });

  it('refuses a revoked and an expired key, so neither comes back to life', async () => {
    const keys = open();
    const revoked = await keys.create(studio);
    await keys.revoke(revoked.key.id);
    const expired = await keys.create({ ...studio, expiresAt: new Date(start) });
    for (const { key } of [revoked, expired]) await expect(keys.rotate(key.id)).rejects.toEqual(failing('conflict'));
    expect(await keys.list()).toHaveLength(2);
  });
});

it('lists 40 keys oldest first and ignores objects that are no keys', async () => {
  const keys = open();
  for (let count = 0; count < 40; count++) {
    clock.ms += 1000;
    await keys.create({ ...studio, name: `key ${count}` });
  }
  await store.put('auth/keys/readme.txt', Buffer.from('not a key'));
  expect((await keys.list()).map(({ name }) => name)).toEqual(Array.from({ length: 40 }, (_, count) => `key ${count}`));
});
