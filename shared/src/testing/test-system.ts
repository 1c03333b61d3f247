/**
 * The built system, started for a test: real Redis, real files, real processes, own ports and folder. Processes can be
 * killed and come back, as under a supervisor.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startTestRedis, type TestRedis } from './redis-server.js';

export const root = new URL('../../..', import.meta.url).pathname;
export type Service = 'gateway' | 'preprocess' | 'worker';

export interface ProcessHandle {
  readonly service: Service;
  readonly adminUrl: string;
  readonly pid: number;
  readonly restarts: number;
  kill(signal?: NodeJS.Signals): void;
  /** SIGTERM, and no restart; the exit code. */
  terminate(): Promise<number | null>;
  log(): Promise<string>;
}

export interface TestSystem {
  readonly url: string;
  readonly dataDir: string;
  readonly redis: TestRedis;
  processes(service: Service): ProcessHandle[];
  add(service: Service, env?: Record<string, string>): Promise<ProcessHandle>;
  /** Metric samples of all processes of a service: name and labels → sum. */
  metrics(service: Service): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  preprocess?: number;
  workers?: number;
  env?: Record<string, string>;
  redisArgs?: string[];
  /** Instead of the system's own Redis address, e.g. a fault proxy in front of it. */
  redisUrl?: (real: TestRedis) => Promise<string>;
  objectStoreUrl?: string;
  /** Arguments for node itself, e.g. `--cpu-prof`. */
  nodeArgs?: string[];
}

export async function startSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const redis = await startTestRedis(options.redisArgs);
  const dataDir = await mkdtemp(join(tmpdir(), 'timbre-e2e-'));
  const port = await freePort();
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    REDIS_URL: options.redisUrl ? await options.redisUrl(redis) : redis.url,
    MODELS_URL: process.env['TIMBRE_TEST_MODELS'] ?? join(root, 'models'),
    SWEEP_INTERVAL_MS: '500',
    RATE_LIMIT_PER_SECOND: '100000',
    RATE_LIMIT_BURST: '100000',
    ...(options.objectStoreUrl ? { OBJECT_STORE_URL: options.objectStoreUrl } : {}),
    ...options.env,
  };
  const handles: ProcessHandle[] = [];
  const add = async (service: Service, env: Record<string, string> = {}): Promise<ProcessHandle> => {
    const handle = await startProcess(
      service,
      { ...base, ADMIN_PORT: String(await freePort()), ...env },
      { index: handles.length, nodeArgs: options.nodeArgs ?? [] },
    );
    handles.push(handle);
    return handle;
  };

  const starts = await Promise.allSettled([
    add('gateway'),
    ...Array.from({ length: options.preprocess ?? 1 }, () => add('preprocess')),
    ...Array.from({ length: options.workers ?? 1 }, () => add('worker')),
  ]);
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed) {
    // Whoever asked gets no system that could be stopped.
    await Promise.all(handles.map((handle) => handle.terminate()));
    await redis.stop();
    throw failed.reason;
  }
  const url = `http://127.0.0.1:${port}`;
  const system: TestSystem = {
    url,
    dataDir,
    redis,
    processes: (service) => handles.filter((handle) => handle.service === service),
    add,
    async metrics(service) {
      const sums = new Map<string, number>();
      for (const { adminUrl } of system.processes(service)) {
        const text = await (await fetch(`${adminUrl}/metrics`)).text();
        for (const line of text.split('\n')) {
          const match = /^(timbre_\w+(?:\{[^}]*\})?) (\S+)$/.exec(line);
          if (!match?.[1]) continue;
          const name = match[1]
            .replace(/service="[^"]*",?/, '')
            .replace(/,?\}$/, '}')
            .replace('{}', '');
          sums.set(name, (sums.get(name) ?? 0) + Number(match[2]));
        }
      }
      return sums;
    },
    async stop() {
      await Promise.all(handles.map((handle) => handle.terminate()));
      await redis.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return system;
}

async function startProcess(
  service: Service,
  env: Record<string, string>,
  { index, nodeArgs }: { index: number; nodeArgs: string[] },
): Promise<ProcessHandle> {
  const logPath = join(env['DATA_DIR'] ?? '', `${service}-${index}.log`);
  const adminUrl = `http://127.0.0.1:${env['ADMIN_PORT']}`;
  let child: ChildProcess;
  let restarts = 0;
  let wanted = true;
  const start = (): void => {
    child = spawn(process.execPath, [...nodeArgs, join(root, `services/${service}/dist/main.js`)], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = createWriteStream(logPath, { flags: 'a' });
    child.stdout?.pipe(out);
    child.stderr?.pipe(out);
    child.once('exit', () => {
      if (!wanted) return;
      restarts += 1;
      start();
    });
  };
  start();
  const handle: ProcessHandle = {
    service,
    adminUrl,
    get pid() {
      return child.pid ?? 0;
    },
    get restarts() {
      return restarts;
    },
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    async terminate() {
      wanted = false;
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
    log: () => readFile(logPath, 'utf8').catch(() => ''),
  };
  try {
    await waitReady(adminUrl, () => restarts < 3);
  } catch (error) {
    await handle.terminate();
    throw new Error(`${service} did not start:\n${await handle.log()}`, { cause: error });
  }
  return handle;
}

/** Polls `/readyz` until it answers 200. */
export async function waitReady(url: string, alive: () => boolean = () => true, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end && alive()) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} was not ready`);
}
