/**
 * The Redis of a single machine: a real server as a child, loopback only, with an append-only file synced at every write
 * and no eviction. What it has acknowledged survives a crash of anything, the machine included.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error.js';
import { openLogFile, tailLog } from './log-file.js';
import { claimFreePort, claimPort, preferredRedisPort } from './ports.js';
import { readRedisInfo, type RedisInfo } from './redis-info.js';
import { createRestartPolicy } from './restart-policy.js';
import { superviseProcess, type ChildDeath, type SupervisedProcess } from './supervised-process.js';

const HOST = '127.0.0.1';
const POLL_MS = 25;
const REPORT_EVERY_MS = 5000;
const START_ATTEMPTS = 10;
/** Writing out the append-only buffer takes milliseconds; ending a rewrite in progress somewhat longer. */
export const REDIS_STOP_GRACE_MS = 15_000;

export interface EmbeddedRedisOptions {
  program: string;
  dataDir: string;
  logPath: string;
  /** Unset: a free one. */
  port: number | undefined;
  onStart: (pid: number) => void;
  /** After the first successful start; Redis is already being started again. */
  onDeath: (death: ChildDeath) => void;
  /** Progress for the person waiting, while a big append-only file loads. */
  report: (line: string) => void;
  signal: AbortSignal;
}

export interface EmbeddedRedis {
  readonly url: string;
  readonly version: string;
  readonly process: SupervisedProcess;
}

/** Resolves when the server has loaded its data and answers. @throws CliError with the end of its log when it does not start */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const taken = new Set<number>();
  for (let attempt = 1; ; attempt++) {
    const search = { host: HOST, taken };
    const port = await (options.port
      ? claimPort(options.port, 'REDIS_PORT', search)
      : claimFreePort(preferredRedisPort(options.dataDir), search));
    const started = await tryPort(port, options);
    if (started) return started;
    const lost = tailLog(options.logPath, 5).some((line) => line.includes('Address already in use'));
    if (!lost || options.port || attempt === START_ATTEMPTS) throw startFailure(options);
  }
}

/** Answers undefined when the server ended before it answered. */
async function tryPort(port: number, options: EmbeddedRedisOptions): Promise<EmbeddedRedis | undefined> {
  let answered = false;
  let died = false;
  const supervised = superviseProcess({
    name: 'redis',
    launch: () => launchServer(port, options),
    policy: createRestartPolicy(),
    onStart: options.onStart,
    onDeath: (death) => {
      died = true;
      if (answered) options.onDeath(death);
    },
  });
  try {
    const info = await untilLoaded(port, supervised, { ...options, isOver: () => died });
    if (info) {
      answered = true;
      return { url: `redis://${HOST}:${port}`, version: info.version, process: supervised };
    }
  } catch (error) {
    await supervised.stop(REDIS_STOP_GRACE_MS);
    options.signal.throwIfAborted();
    throw error;
  }
  await supervised.stop(0);
  return undefined;
}

interface LoadWait {
  isOver: () => boolean;
  report: (line: string) => void;
  signal: AbortSignal;
}

/** However long loading takes: giving up would lose the data it holds. */
async function untilLoaded(
  port: number,
  supervised: SupervisedProcess,
  { isOver, report, signal }: LoadWait,
): Promise<RedisInfo | undefined> {
  let reportedAtMs = performance.now();
  while (!isOver()) {
    signal.throwIfAborted();
    const info = await readRedisInfo(port, HOST).catch(() => undefined);
    if (info?.processId === supervised.pid && !info?.loading) return info;
    if (performance.now() - reportedAtMs > REPORT_EVERY_MS) {
      reportedAtMs = performance.now();
      report(info ? `Redis is loading its data: ${info.loadedPercent.toFixed(0)} %` : 'waiting for Redis to answer');
    }
    await delay(POLL_MS, undefined, { signal });
  }
  return undefined;
}

function launchServer(port: number, { program, dataDir, logPath }: EmbeddedRedisOptions) {
  const folder = join(dataDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openLogFile(logPath);
  try {
    return spawn(program, redisArguments(port, folder), { stdio: ['ignore', log, log], detached: true });
  } finally {
    closeSync(log);
  }
}

/** No snapshots (`save ""`): the append-only file holds everything, and a fork less is memory saved. */
function redisArguments(port: number, folder: string): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    bind: HOST,
    'protected-mode': 'yes',
    dir: folder,
    daemonize: 'no',
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

function startFailure({ logPath, dataDir, program }: EmbeddedRedisOptions): CliError {
  const tail = tailLog(logPath, 6);
  const damaged = tail.some((line) => /bad file format|unexpected end of file|aof/i.test(line));
  const advice = damaged
    ? `\nIf its append-only file is damaged: copy ${join(dataDir, 'redis')} away, then run ` +
      `\`redis-check-aof --fix\` on the newest .aof file in ${join(dataDir, 'redis', 'appendonlydir')}.`
    : '';
  return new CliError(`${program} did not start; its log (${logPath}) ends with:\n  ${tail.join('\n  ')}${advice}`);
}
