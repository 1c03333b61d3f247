/**
 * One running Timbre per data folder: two Redis servers on the same append-only files would destroy them.
 * The lock is a file made by `link`, which fails when it exists, so two starts at the same moment cannot both win.
 * It names its owner by pid and start time; a lock whose owner is gone is stale and taken over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli-error.js';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.js';

const ownerSchema = z.object({ pid: z.int().positive(), startedAt: z.string(), url: z.string().optional() });
type LockOwner = z.infer<typeof ownerSchema>;

export interface DataLock {
  /** Adds the public address, so that a second start can name it. */
  announce(url: string): void;
  /** Deletes the lock if it is still ours. */
  release(): void;
}

const TAKE_OVER_ATTEMPTS = 5;

/** @throws CliError naming the owner when another process uses the folder */
export function acquireDataLock(dataDir: string): DataLock {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'timbre.lock');
  const self = requireIdentity(process.pid);
  for (let attempt = 0; attempt < TAKE_OVER_ATTEMPTS; attempt++) {
    if (createLock(path, self)) return heldLock(path, self);
    const owner = readOwner(path);
    if (owner && isRunning(owner)) throw inUse(dataDir, owner);
    discardStale(path, owner);
  }
  throw new CliError(`cannot lock ${dataDir}: other processes keep taking ${path}`);
}

function heldLock(path: string, self: ProcessIdentity): DataLock {
  return {
    announce(url) {
      const draft = `${path}.${self.pid}`;
      writeFileSync(draft, JSON.stringify({ ...self, url }));
      renameSync(draft, path);
    },
    release() {
      if (sameOwner(readOwner(path), self)) rmSync(path, { force: true });
    },
  };
}

function createLock(path: string, self: ProcessIdentity): boolean {
  const draft = `${path}.${self.pid}`;
  writeFileSync(draft, JSON.stringify(self));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the lock aside before deleting it: should it be another start's new one by now, it is put back. */
function discardStale(path: string, judged: LockOwner | undefined): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    const moved = readOwner(aside);
    if (moved && !sameOwner(moved, judged) && isRunning(moved)) linkSync(aside, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readOwner(path: string): LockOwner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function sameOwner(a: ProcessIdentity | undefined, b: ProcessIdentity | undefined): boolean {
  return a?.pid === b?.pid && a?.startedAt === b?.startedAt;
}

function requireIdentity(pid: number): ProcessIdentity {
  const identity = identifyProcess(pid);
  if (!identity) throw new CliError('cannot read when this process started (is /proc or ps missing?)');
  return identity;
}

function inUse(dataDir: string, owner: LockOwner): CliError {
  const where = owner.url ? ` at ${owner.url}` : '';
  return new CliError(
    `another Timbre (pid ${owner.pid}${where}) is using ${dataDir}: stop it, or give this one its own folder with --data-dir`,
  );
}
