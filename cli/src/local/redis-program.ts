/** Finds the server program of the embedded Redis: `REDIS_SERVER`, else redis-server or valkey-server on the PATH. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { CliError } from '../cli-error.js';

const NAMES = ['redis-server', 'valkey-server'];

/** @throws CliError saying how to get one */
export function requireRedisProgram(configured: string | undefined, searchPath: string | undefined): string {
  const program = (configured ? [configured] : NAMES).map((name) => locate(name, searchPath)).find(Boolean);
  if (program) return program;
  throw new CliError(
    configured
      ? `REDIS_SERVER names ${configured}, which is no program that can be run`
      : 'no redis-server or valkey-server found: install one (`apt-get install redis-server`, `brew install redis`), ' +
          'name it in REDIS_SERVER, or set REDIS_URL to use a Redis that already runs',
  );
}

function locate(name: string, searchPath = ''): string | undefined {
  const candidates =
    isAbsolute(name) || name.includes('/') ? [name] : searchPath.split(delimiter).map((folder) => join(folder, name));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
