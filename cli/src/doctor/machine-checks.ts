/** What a system that runs on this machine needs of it. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { formatBytes } from '../terminal/quantities.js';
import { fail, ok, warn, type Check, type CheckResult } from './check.js';

export interface Machine {
  nodeVersion: string;
  /** PATH */
  searchPath: string;
  /** REDIS_SERVER */
  redisServer: string | undefined;
  /** REDIS_URL is set: no own Redis is needed. */
  hasRedisUrl: boolean;
  dataDir: string;
}

const NEEDED_NODE: [number, number] = [20, 19];
const LITTLE_BYTES = 5e9;
const TOO_LITTLE_BYTES = 5e8;
const run = promisify(execFile);

export function machineChecks(machine: Machine): Check[] {
  return [
    { name: 'node', run: () => Promise.resolve([checkNode(machine.nodeVersion)]) },
    { name: 'ffmpeg', run: async () => [await checkFfmpeg(machine.searchPath)] },
    { name: 'redis-server', run: async () => [await checkRedis(machine)] },
    { name: 'disk', run: async () => [await checkDisk(machine.dataDir)] },
  ];
}

export function checkNode(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [neededMajor, neededMinor] = NEEDED_NODE;
  const enough = major > neededMajor || (major === neededMajor && minor >= neededMinor);
  return enough ? ok(version) : fail(`${version} is too old`, `install Node ${NEEDED_NODE.join('.')} or newer`);
}

async function checkFfmpeg(searchPath: string): Promise<CheckResult> {
  const program = locate(['ffmpeg'], searchPath);
  if (!program)
    return warn('not found: formats that are not decoded in process fail as audio_unsupported_codec', 'install ffmpeg');
  const [, version = 'of unknown version'] = /^ffmpeg version (\S+)/.exec(await outputOf(program, '-version')) ?? [];
  return ok(`${version} at ${program}`);
}

async function checkRedis({ searchPath, redisServer, hasRedisUrl }: Machine): Promise<CheckResult> {
  if (hasRedisUrl) return ok('not needed: REDIS_URL names a Redis');
  const program = locate(redisServer ? [redisServer] : ['redis-server', 'valkey-server'], searchPath);
  if (!program)
    return warn(
      `${redisServer ?? 'neither redis-server nor valkey-server'} found: \`timbre start\` cannot run here`,
      'install redis-server, name one in REDIS_SERVER, or set REDIS_URL',
    );
  const [, version = 'of unknown version'] = /v=(\S+)/.exec(await outputOf(program, '--version')) ?? [];
  return ok(`${version} at ${program}`);
}

async function checkDisk(dataDir: string): Promise<CheckResult> {
  const place = await existing(dataDir);
  const { bavail, bsize } = await statfs(place);
  return judgeSpace(bavail * bsize, dataDir);
}

export function judgeSpace(freeBytes: number, place: string): CheckResult {
  const detail = `${formatBytes(freeBytes)} free for ${place}`;
  if (freeBytes < TOO_LITTLE_BYTES) return fail(detail, 'free space, or set DATA_DIR to another disk');
  return freeBytes < LITTLE_BYTES ? warn(detail, 'audio of archives is kept there: free space') : ok(detail);
}

/** The folder, or the nearest above it that is there. */
async function existing(folder: string): Promise<string> {
  try {
    await statfs(folder);
    return folder;
  } catch {
    const above = join(folder, '..');
    return above === folder ? folder : existing(above);
  }
}

async function outputOf(program: string, argument: string): Promise<string> {
  const { stdout } = await run(program, [argument], { timeout: 10_000 });
  return stdout;
}

function locate(programs: string[], searchPath: string): string | undefined {
  const candidates = programs.flatMap((name) =>
    isAbsolute(name) || name.includes('/') ? [name] : searchPath.split(delimiter).map((folder) => join(folder, name)),
  );
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
