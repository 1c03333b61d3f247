import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '@timbre/shared/config/load-config';
import { localSchema } from '@timbre/shared/config/schemas';
import { planProcesses, resolveModelsUrl } from './local-plan.js';

describe('planProcesses', () => {
  let projectRoot: string;
  let occupied: Server;
  let port: number;
  beforeEach(async () => {
    projectRoot = mkdtempSync(join(tmpdir(), 'timbre-plan-'));
    for (const service of ['gateway', 'preprocess', 'worker']) {
      mkdirSync(join(projectRoot, 'services', service, 'dist'), { recursive: true });
      writeFileSync(join(projectRoot, 'services', service, 'dist', 'main.js'), '');
    }
    occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
    port = (occupied.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await new Promise((resolve) => occupied.close(resolve));
    rmSync(projectRoot, { recursive: true });
  });

  const plan = (environment: Record<string, string>, searchPort = false) =>
    planProcesses({
      config: loadConfig(localSchema, environment),
      projectRoot,
      redisUrl: 'redis://127.0.0.1:16379',
      dataDir: '/data',
      modelsUrl: '/models',
      searchPort,
    });

  it('gives the gateway its port and admin port, each stage an admin port of its own after them', async () => {
    const { processes } = await plan({ PORT: String(port + 1), WORKER_PROCESSES: '2' });
    const ports = processes.map(({ environment }) => environment['ADMIN_PORT']);
    expect(processes[0]!.environment['PORT']).toBe(String(port + 1));
    expect(new Set([String(port + 1), ...ports]).size).toBe(5);
    expect(ports.map(Number)).toEqual([...ports].map(Number).sort((a, b) => a - b));
    expect(processes.map(({ name }) => name)).toEqual(['gateway', 'preprocess-1', 'worker-1', 'worker-2']);
  });

  it('hands every process the same Redis, data folder, models and drain time', async () => {
    const { processes } = await plan({ PORT: String(port + 1), DRAIN_TIMEOUT_MS: '1234' });
    for (const { environment } of processes) {
      expect(environment).toMatchObject({
        REDIS_URL: 'redis://127.0.0.1:16379',
        DATA_DIR: '/data',
        MODELS_URL: '/models',
        DRAIN_TIMEOUT_MS: '1234',
      });
    }
  });

  it('refuses a taken port for start, and takes the next free one for the demo', async () => {
    await expect(plan({ PORT: String(port) })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
    const { url } = await plan({ PORT: String(port) }, true);
    expect(Number(new URL(url).port)).toBeGreaterThan(port);
  });

  it('refuses a taken ADMIN_PORT by its name', async () => {
    await expect(plan({ PORT: String(port + 1), ADMIN_PORT: String(port) })).rejects.toThrow(
      'choose another with ADMIN_PORT',
    );
  });

  it('reaches a gateway that listens on all addresses over loopback', async () => {
    const { url } = await plan({ PORT: String(port + 1), HOST: '0.0.0.0' }, true);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('keeps the admin listeners of a gateway on all addresses to loopback, unless ADMIN_HOST says otherwise', async () => {
    const local = await plan({ PORT: String(port + 1), HOST: '0.0.0.0' }, true);
    expect(local.processes.map(({ environment }) => environment['ADMIN_HOST'])).toEqual(Array(3).fill('127.0.0.1'));
    const open = await plan({ PORT: String(port + 1), ADMIN_HOST: 'localhost' }, true);
    expect(open.adminUrl).toMatch(/^http:\/\/localhost:\d+$/);
    expect(open.processes.every(({ metricsUrl }) => metricsUrl.startsWith('http://localhost:'))).toBe(true);
    expect(open.processes[0]!.environment).toMatchObject({ HOST: '127.0.0.1', ADMIN_HOST: 'localhost' });
  });
});

describe('resolveModelsUrl', () => {
  const places = { projectRoot: '/project', from: '/home/me' };
  it.each([
    [undefined, '/project/models'],
    ['mine', '/home/me/mine'],
    ['/srv/models', '/srv/models'],
    ['store:models/', 'store:models/'],
  ])('reads %j as %j', (given, resolved) => {
    expect(resolveModelsUrl({ MODELS_URL: given }, places)).toBe(resolved);
  });
});
