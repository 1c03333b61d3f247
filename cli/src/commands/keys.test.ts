import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKeyStore, type CreatedKey } from '@timbre/shared/auth/api-keys';
import { createFileStore } from '@timbre/shared/storage/file-store';
import { CliError } from '../cli-error.js';
import { createKeysCommand } from './keys.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timbre-cli-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

function quiet(command: Command): Command {
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  command.commands.forEach(quiet);
  return command;
}

/** Runs `timbre keys …` in an empty folder and gives what it printed and reported. */
async function keys(line: string, environment: Record<string, string> = {}) {
  const printed: string[] = [];
  const reported: string[] = [];
  const command = createKeysCommand({
    environment,
    from: folder,
    projectRoot: folder,
    print: (text) => void printed.push(text),
    report: (text) => void reported.push(text),
  });
  await quiet(command).parseAsync(line.split(' '), { from: 'user' });
  return { printed, reported: reported.join('\n'), json: (): unknown => JSON.parse(printed.join('\n')) };
}

const gatewaysKeys = (dataDir = 'data') =>
  createKeyStore(createFileStore({ root: join(folder, dataDir, 'objects') }), { cacheMs: 0 });

it('creates a key that the gateway of the same folder accepts, and prints nothing else', async () => {
  const { printed, reported } = await keys('create --tenant studio');
  expect(printed).toHaveLength(1);
  expect(await gatewaysKeys().authenticate(printed[0]!)).toMatchObject({
    tenant: 'studio',
    scopes: ['submit', 'read'],
  });
  expect(reported).not.toContain(printed[0]!.slice(20));
  expect(reported).toContain(join(folder, 'data', 'objects'));
});

it('takes scopes, name, expiry and folder', async () => {
  const { json } = await keys('create --tenant a --scopes admin,read --name desk --expires-days 2 --data-dir d --json');
  const { key, presented } = json() as CreatedKey;
  expect(key).toMatchObject({ tenant: 'a', scopes: ['admin', 'read'], name: 'desk' });
  expect(Date.parse(key.expiresAt!) - Date.parse(key.createdAt)).toBeGreaterThan(172_790_000);
  expect(await gatewaysKeys('d').authenticate(presented)).toMatchObject({ keyId: key.id });
  const { json: elsewhere } = await keys('list --json', { DATA_DIR: 'd' });
  expect(elsewhere()).toMatchObject([{ id: key.id, state: 'active' }]);
});

it('lists 3 keys with their states and without secrets, or only those of a tenant', async () => {
  const first = (await keys('create --tenant a --json')).json() as CreatedKey;
  await keys('create --tenant b');
  await keys(`revoke ${first.key.id}`);
  const rotated = (await keys(`create --tenant a --json`)).json() as CreatedKey;
  const table = (await keys('list')).printed;
  expect(table).toHaveLength(5);
  expect(table.filter((line) => line.includes('revoked'))).toHaveLength(1);
  const listed = await keys('list --tenant a --json');
  expect((listed.json() as { id: string; state: string }[]).map(({ id, state }) => [id, state])).toEqual([
    [first.key.id, 'revoked'],
    [rotated.key.id, 'active'],
  ]);
  expect(listed.printed.join()).not.toContain('secretSha256');
});

it('revokes by id or by the whole key, without repeating its secret', async () => {
  const { printed } = await keys('create --tenant a');
  const revoked = await keys(`revoke ${printed[0]!}`);
  expect(revoked.printed.join('\n') + revoked.reported).not.toContain(printed[0]!.slice(20));
  await expect(gatewaysKeys().authenticate(printed[0]!)).rejects.toMatchObject({ code: 'auth_invalid' });
});

it('rotates: the new key works at once, the old one until the overlap of 0 hours is over', async () => {
  const old = (await keys('create --tenant a --name desk')).printed[0]!;
  const made = (await keys(`rotate ${old.slice(3, 19)} --overlap-hours 0`)).printed[0]!;
  await expect(gatewaysKeys().authenticate(old)).rejects.toMatchObject({ code: 'auth_expired' });
  expect(await gatewaysKeys().authenticate(made)).toMatchObject({ tenant: 'a' });
});

it.each([
  ['create', 'commander.missingMandatoryOptionValue'],
  ['create --tenant a --scopes root', 'commander.invalidArgument'],
  ['create --tenant a --expires-days 0', 'commander.invalidArgument'],
  ['create --tenant a --expires-days soon', 'commander.invalidArgument'],
  ['rotate 0000000000000000 --overlap-hours -1', 'commander.invalidArgument'],
  ['revoke', 'commander.missingArgument'],
])('refuses `keys %s` and touches nothing', async (line, code) => {
  await expect(keys(line)).rejects.toMatchObject({ code });
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ['create --tenant Studio', {}, /tenant: lower-case/],
  ['revoke 0000000000000000', {}, /no key has this id/],
  ['list', { OBJECT_STORE_URL: 's3://host/bucket' }, /OBJECT_STORE_URL: the access key is missing/],
])('explains `keys %s` with %j without a stack', async (line, environment, message) => {
  const failure = await keys(line, environment).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CliError);
  expect((failure as CliError).message).toMatch(message);
});
