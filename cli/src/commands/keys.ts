/**
 * `timbre keys`: makes, shows, ends and replaces API keys. It works on the object store itself, the one the gateways use, so
 * it needs no gateway and no key; whoever may write the store is the operator.
 */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createKeyStore, type CreatedKey, type KeyStore } from '@timbre/shared/auth/api-keys';
import { keyState, scopeSchema, type ApiKeyView, type Scope } from '@timbre/shared/auth/api-key';
import { loadConfig } from '@timbre/shared/config/load-config';
import { localSchema } from '@timbre/shared/config/schemas';
import { isAppError } from '@timbre/shared/errors';
import { createObjectStore, parseStoreUrl } from '@timbre/shared/storage/create-object-store';
import { CliError } from '../cli-error.js';
import { renderTable } from '../demo/text-table.js';
import type { Invocation } from '../invocation.js';

interface StoreFlags {
  dataDir?: string;
  json?: boolean;
}
interface CreateFlags extends StoreFlags {
  tenant: string;
  scopes: Scope[];
  name?: string;
  expiresDays?: number;
}
interface RotateFlags extends StoreFlags {
  overlapHours: number;
  expiresDays?: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const HELP = `
Keys lie in the object store: OBJECT_STORE_URL if set, else the folder DATA_DIR (default ./data). Running gateways notice
a change within 5 seconds. Scopes: submit (send clips), read (see jobs and results), admin (both, and the operators' pages).`;

export function createKeysCommand(invocation: Invocation): Command {
  const keys = new Command('keys').description('make, list, revoke and rotate API keys').addHelpText('after', HELP);
  const add = (name: string, description: string) =>
    keys
      .command(name)
      .description(description)
      .option('--data-dir <folder>', 'folder of the file object store (DATA_DIR, default ./data)')
      .option('--json', 'print JSON');

  add('create', 'make a key; it is shown once')
    .requiredOption('--tenant <name>', 'owner of the key: lower-case letters, digits, dashes')
    .addOption(
      new Option('--scopes <list>', 'comma-separated: submit, read, admin')
        .argParser(parseScopes)
        .default(['submit', 'read'], 'submit,read'),
    )
    .option('--name <text>', 'where the key is used, for people')
    .option('--expires-days <days>', 'days until it expires; default: never', parsePositive)
    .action((flags: CreateFlags) => withKeys(invocation, flags, (store) => createKey(invocation, store, flags)));
  add('list', 'show all keys, without their secrets')
    .option('--tenant <name>', 'only those of one tenant')
    .action((flags: StoreFlags & { tenant?: string }) =>
      withKeys(invocation, flags, async (store) => {
        const all = await store.list();
        printKeys(invocation, flags.tenant === undefined ? all : all.filter(isOf(flags.tenant)), flags);
      }),
    );
  add('revoke', 'end a key now')
    .argument('<id>', 'the 16 characters after ak_')
    .action((id: string, flags: StoreFlags) =>
      withKeys(invocation, flags, async (store) => printKeys(invocation, [await store.revoke(idOf(id))], flags)),
    );
  add('rotate', 'make a key of the same rights; the old one stays valid for a while')
    .argument('<id>', 'the 16 characters after ak_')
    .option('--overlap-hours <hours>', 'hours the old key stays valid', parseHours, 24)
    .option(
      '--expires-days <days>',
      'days until the new key expires; default: as long as the old one had',
      parsePositive,
    )
    .action((id: string, flags: RotateFlags) =>
      withKeys(invocation, flags, (store) => rotateKey(invocation, store, { id: idOf(id), flags })),
    );
  return keys;
}

async function createKey(invocation: Invocation, keys: KeyStore, flags: CreateFlags): Promise<void> {
  const { tenant, scopes, name, expiresDays } = flags;
  printCreated(invocation, await keys.create({ tenant, scopes, name, expiresAt: inDays(expiresDays) }), flags);
}

async function rotateKey(
  invocation: Invocation,
  keys: KeyStore,
  { id, flags }: { id: string; flags: RotateFlags },
): Promise<void> {
  const { overlapHours, expiresDays } = flags;
  const made = await keys.rotate(id, { overlapMs: overlapHours * HOUR_MS, expiresAt: inDays(expiresDays) });
  printCreated(invocation, made, flags);
  invocation.report(`The old key ${id} stays valid for ${overlapHours} h at most.`);
}

/** The key alone goes to the results, so `KEY=$(timbre keys create …)` works. */
function printCreated({ print, report }: Invocation, { key, presented }: CreatedKey, { json }: StoreFlags): void {
  if (json) {
    print(JSON.stringify({ key, presented }));
    return;
  }
  print(presented);
  report(`Key ${key.id} of tenant ${key.tenant} (${key.scopes.join(', ')}), ${endOf(key)}.`);
  report('It is shown only now. Send it as `Authorization: Bearer <key>`.');
}

function printKeys({ print, report }: Invocation, keys: ApiKeyView[], { json }: StoreFlags): void {
  const now = Date.now();
  if (json) {
    print(JSON.stringify(keys.map((key) => ({ ...key, state: keyState(key, now) }))));
    return;
  }
  if (keys.length === 0) report('There are no keys.');
  else tableOf(keys, now).forEach((line) => print(line));
}

function tableOf(keys: ApiKeyView[], now: number): string[] {
  return renderTable<ApiKeyView>(
    [
      { title: 'id', cell: ({ id }) => id },
      { title: 'tenant', cell: ({ tenant }) => tenant },
      { title: 'scopes', cell: ({ scopes }) => scopes.join(',') },
      { title: 'state', cell: (key) => keyState(key, now) },
      { title: 'created', cell: ({ createdAt }) => createdAt.slice(0, 10) },
      { title: 'expires', cell: ({ expiresAt }) => expiresAt?.slice(0, 16) ?? 'never' },
      { title: 'name', cell: ({ name }) => name, maxWidth: 40 },
    ],
    keys,
  );
}

/** Opens the store the environment names, says which, and turns what may go wrong into something to act on. */
async function withKeys(
  { environment, from, report }: Invocation,
  { dataDir, json }: StoreFlags,
  work: (keys: KeyStore) => Promise<void>,
): Promise<void> {
  const config = loadConfig(localSchema.pick({ DATA_DIR: true, OBJECT_STORE_URL: true }), environment);
  const place = { url: config.OBJECT_STORE_URL, dataDir: resolve(from, dataDir ?? config.DATA_DIR) };
  try {
    const store = createObjectStore(place);
    if (!json) report(`Keys in ${describePlace(place)}`);
    try {
      await work(createKeyStore(store));
    } finally {
      await store.close();
    }
  } catch (error) {
    throw asCliError(error);
  }
}

function describePlace({ url, dataDir }: { url: string | undefined; dataDir: string }): string {
  const place = parseStoreUrl(url, dataDir);
  return place.kind === 'file' ? place.root : `bucket ${place.bucket} on ${place.endpoint.host}`;
}

function asCliError(error: unknown): unknown {
  if (!isAppError(error) || error.code === 'internal') return error;
  const { issues } = error.details as { issues?: { pointer: string; message: string }[] };
  const reasons = issues?.map(({ pointer, message }) => `\n  ${pointer.slice(1)}: ${message}`) ?? [];
  return new CliError(`${error.message}${reasons.join('')}`, { cause: error });
}

const isOf = (tenant: string) => (key: ApiKeyView) => key.tenant === tenant;
const inDays = (days: number | undefined) => (days === undefined ? undefined : new Date(Date.now() + days * DAY_MS));
const endOf = ({ expiresAt }: ApiKeyView) => (expiresAt === undefined ? 'never expires' : `expires ${expiresAt}`);

/** People paste whole keys where an id is asked for; the secret in them is not repeated. */
const idOf = (text: string) => /^ak_([0-9a-f]{16})(?:_|$)/.exec(text)?.[1] ?? text;

function parseScopes(list: string): Scope[] {
  return list.split(',').map((part) => {
    const scope = scopeSchema.safeParse(part.trim());
    if (!scope.success) throw new InvalidArgumentError(`Scopes are ${scopeSchema.options.join(', ')}.`);
    return scope.data;
  });
}

function parseHours(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || value > 876_000)
    throw new InvalidArgumentError('It must be a number, 0 or more.');
  return value;
}

function parsePositive(text: string): number {
  const value = parseHours(text);
  if (value === 0 || value > 36_500) throw new InvalidArgumentError('It must be more than 0 and at most 36500.');
  return value;
}
