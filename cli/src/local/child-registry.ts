/**
 * Which child processes run on a data folder, on disk: `run/<name>.json` holds pid and start time of each.
 * A supervisor that was killed outright cannot stop its children; the next one finds them here and does. Most of all an
 * orphaned Redis must be gone before another opens the same append-only files.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CliError } from '../cli-error.js';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.js';
import { signalGroup } from './signal-group.js';

const identitySchema = z.object({ pid: z.int().positive(), startedAt: z.string() });
const POLL_MS = 50;
const KILL_WAIT_MS = 5000;

export interface ChildRegistry {
  record(name: string, pid: number): void;
  forget(name: string): void;
  /**
   * Ends what an earlier supervisor left behind: SIGTERM, then SIGKILL after `graceMs`.
   * @returns names of the processes it found running
   * @throws CliError when one survives SIGKILL (another user's, or stuck in the kernel)
   */
  stopOrphans(graceMs: number): Promise<string[]>;
}

export function createChildRegistry(dataDir: string): ChildRegistry {
  const folder = join(dataDir, 'run');
  mkdirSync(folder, { recursive: true });
  const fileOf = (name: string) => join(folder, `${name}.json`);
  return {
    record(name, pid) {
      const identity = identifyProcess(pid);
      if (identity) writeFileSync(fileOf(name), JSON.stringify(identity));
    },
    forget: (name) => rmSync(fileOf(name), { force: true }),
    async stopOrphans(graceMs) {
      const names = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
      const found: string[] = [];
      for (const name of names.sort(redisLast)) {
        const orphan = readIdentity(fileOf(name));
        if (orphan && isRunning(orphan)) {
          found.push(name);
          await endProcess(name, orphan, graceMs);
        }
        rmSync(fileOf(name), { force: true });
      }
      return found;
    },
  };
}

/** The others may still be writing results. */
function redisLast(a: string, b: string): number {
  return Number(a === 'redis') - Number(b === 'redis') || a.localeCompare(b);
}

async function endProcess(name: string, identity: ProcessIdentity, graceMs: number): Promise<void> {
  signalGroup(identity.pid, 'SIGTERM');
  if (await isGone(identity, graceMs)) return;
  signalGroup(identity.pid, 'SIGKILL');
  if (await isGone(identity, KILL_WAIT_MS)) return;
  throw new CliError(`${name} (pid ${identity.pid}), left by an earlier run, does not stop: end it by hand`);
}

async function isGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(identity)) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    return identitySchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
