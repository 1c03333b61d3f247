/** The secret that signs object URLs of the file driver: made once per data folder, readable by its owner only. */
import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const secretBytes = 32;
const pattern = /^[\w-]{43}$/;

/** Whoever starts at the same time gets the same secret. @throws Error when the file holds none */
export function ensureSigningSecret(dataDir: string): string {
  const path = join(dataDir, 'url-signing-secret');
  mkdirSync(dataDir, { recursive: true });
  const secret = readSecret(path) ?? makeSecret(path);
  // An empty secret would sign for anybody.
  if (!pattern.test(secret)) throw new Error(`${path} holds no whole secret: delete it, and a new one is made`);
  return secret;
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Written and synced under another name and then linked into place: the file is whole or not there, and never replaced. */
function makeSecret(path: string): string {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const secret = randomBytes(secretBytes).toString('base64url');
    writeFileSync(temporary, secret, { flag: 'wx', mode: 0o600, flush: true });
    linkSync(temporary, path);
    return secret;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return readFileSync(path, 'utf8');
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

const hasCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;
