import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '@timbre/shared/config/load-config';
import { localSchema } from '@timbre/shared/config/schemas';
import { createLocalSystem, type LocalSystem, type RunningSystem } from './local-system.js';

/** Answers /readyz like a service and /pid with its own; ends at SIGTERM unless told to ignore it. */
const SERVICE = `
import { createServer } from 'node:http';
const port = Number(process.argv[1].includes('gateway') ? process.env.PORT : process.env.ADMIN_PORT);
process.on('SIGTERM', () => { if (process.env.STUBBORN !== 'true') process.exit(0); });
console.log('service up');
createServer((request, response) => response.end(request.url === '/pid' ? String(process.pid) : '{}')).listen(port, '127.0.0.1');
`;

describe('createLocalSystem', () => {
  let root: string;
  const systems: LocalSystem[] = [];
  const lines: string[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'timbre-system-'));
    for (const service of ['gateway', 'preprocess', 'worker']) writeService(service, SERVICE);
  });
  afterEach(async () => {
    await Promise.all(systems.splice(0).map((system) => system.stop()));
    lines.length = 0;
    rmSync(root, { recursive: true });
  });

  function writeService(service: string, source: string): void {
    const folder = join(root, 'services', service, 'dist');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'main.js'), source);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  }

  function create(environment: Record<string, string> = {}): LocalSystem {
    const system = createLocalSystem({
      config: loadConfig(localSchema, { PORT: '18200', DRAIN_TIMEOUT_MS: '500', ...environment }),
      environment: { PATH: process.env['PATH'], ...environment },
      projectRoot: root,
      dataDir: join(root, 'data'),
      modelsUrl: join(root, 'models'),
      searchPort: true,
      verbose: false,
      report: (line) => void lines.push(line),
    });
    systems.push(system);
    return system;
  }
  const start = (system: LocalSystem) => system.start(new AbortController().signal);
  const urlOf = (running: RunningSystem, name: string) =>
    running.processes.find((process) => process.name === name)!.readyUrl.replace('/readyz', '/pid');
  const pidOf = async (running: RunningSystem, name: string) =>
    Number(await (await fetch(urlOf(running, name))).text());
  const recordedPids = () =>
    readdirSync(join(root, 'data', 'run')).map(
      (file) => (JSON.parse(readFileSync(join(root, 'data', 'run', file), 'utf8')) as { pid: number }).pid,
    );
  const alive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('runs Redis, a gateway and as many stages as asked, each with its own port and log', async () => {
    const running = await start(create({ PREPROCESS_PROCESSES: '2', WORKER_PROCESSES: '1' }));
    expect(running.processes.map(({ name }) => name)).toEqual(['gateway', 'preprocess-1', 'preprocess-2', 'worker-1']);
    expect(new Set(running.processes.map(({ metricsUrl }) => metricsUrl)).size).toBe(4);
    expect(running.redisUrl).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(readFileSync(join(root, 'data', 'logs', 'worker-1.log'), 'utf8')).toBe('service up\n');
  });

  it('starts a killed worker again within 5 seconds and leaves the others alone', async () => {
    const running = await start(create());
    const [gateway, worker] = await Promise.all([pidOf(running, 'gateway'), pidOf(running, 'worker-1')]);
    process.kill(worker, 'SIGKILL');
    await vi.waitUntil(
      async () => ![worker, undefined].includes(await pidOf(running, 'worker-1').catch(() => undefined)),
      { timeout: 5000 },
    );
    expect(await pidOf(running, 'gateway')).toBe(gateway);
    expect(lines.join('\n')).toMatch(/^worker-1 ended \(SIGKILL\) after [\d.]+ s; starting it again in 1 s/m);
  });

  it('leaves no process and no lock behind when stopped twice at once, with one child in restart backoff', async () => {
    const system = create();
    const running = await start(system);
    const pids = recordedPids();
    expect(pids.filter(alive)).toHaveLength(4);
    process.kill(await pidOf(running, 'preprocess-1'), 'SIGKILL');
    await vi.waitUntil(() => lines.some((line) => line.startsWith('preprocess-1 ended')));
    await Promise.all([system.stop(), system.stop()]);
    expect(pids.filter(alive)).toEqual([]);
    expect(readdirSync(join(root, 'data')).sort()).toEqual(['logs', 'redis', 'run']);
    expect(recordedPids()).toEqual([]);
  });

  it('kills services that ignore SIGTERM at once when hurried during a drain of 60 seconds', async () => {
    const system = create({ STUBBORN: 'true', DRAIN_TIMEOUT_MS: '60000' });
    await start(system);
    const pids = recordedPids();
    const stopped = system.stop();
    system.hurry();
    await stopped;
    expect(pids.filter(alive)).toEqual([]);
  });

  it('refuses a second system on the same folder and leaves the first one running', async () => {
    const running = await start(create());
    const second = create();
    await expect(start(second)).rejects.toThrow(`(pid ${process.pid} at ${running.url}) is using`);
    await second.stop();
    expect(await pidOf(running, 'gateway')).toBeGreaterThan(0);
  });

  it('gives up on a service that dies 3 times before it was ready, showing the end of its log', async () => {
    writeService('worker', "console.error('no model fits'); process.exit(1);");
    await expect(start(create())).rejects.toThrow(/worker-1 does not start \(exit code 1\).*no model fits/s);
  });

  it('ends what a killed supervisor left behind before it starts its own', async () => {
    await start(create());
    const orphans = recordedPids();
    // The first supervisor is as good as dead to the second: its lock is gone, its children run on.
    rmSync(join(root, 'data', 'timbre.lock'));
    await start(create({ PORT: '18300' }));
    expect(lines).toContain('stopped what an earlier run left behind: gateway, preprocess-1, worker-1, redis');
    expect(recordedPids().filter((pid) => orphans.includes(pid))).toEqual([]);
  });

  it('says to build first when a service was not built', async () => {
    rmSync(join(root, 'services', 'worker', 'dist', 'main.js'));
    await expect(start(create())).rejects.toThrow(/worker.dist.main\.js is missing: build first/);
  });

  it('stops a start that is interrupted while services come up', async () => {
    writeService('worker', 'setInterval(() => undefined, 1000);');
    const controller = new AbortController();
    const system = create();
    const starting = system.start(controller.signal);
    const outcome = expect(starting).rejects.toThrow('enough');
    await vi.waitUntil(() => readdirSync(join(root, 'data', 'run')).includes('worker-1.json'), { timeout: 10_000 });
    const pids = recordedPids();
    controller.abort(new Error('enough'));
    await outcome;
    await system.stop();
    expect(pids.filter(alive)).toEqual([]);
  });
});
