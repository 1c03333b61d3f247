import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEmbeddedRedis, type EmbeddedRedis, type EmbeddedRedisOptions } from './embedded-redis.js';
import { readRedisInfo } from './redis-info.js';
import { requireRedisProgram } from './redis-program.js';
import type { ChildDeath } from './supervised-process.js';

const program = requireRedisProgram(process.env['REDIS_SERVER'], process.env['PATH']);

describe('startEmbeddedRedis', () => {
  let dataDir: string;
  const running: EmbeddedRedis[] = [];
  const listeners: Server[] = [];
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'timbre-redis-'))));
  afterEach(async () => {
    await Promise.all(running.splice(0).map((redis) => redis.process.stop(5000)));
    await Promise.all(listeners.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(dataDir, { recursive: true });
  });

  async function start(options: Partial<EmbeddedRedisOptions> = {}): Promise<EmbeddedRedis> {
    const redis = await startEmbeddedRedis({
      program,
      dataDir,
      logPath: join(dataDir, 'redis.log'),
      port: undefined,
      onStart: () => undefined,
      onDeath: () => undefined,
      report: () => undefined,
      signal: new AbortController().signal,
      ...options,
    });
    running.push(redis);
    return redis;
  }
  const portOf = ({ url }: EmbeddedRedis) => Number(new URL(url).port);
  async function ask<T>(redis: EmbeddedRedis, question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(redis.url);
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }
  const setKept = (redis: EmbeddedRedis) => ask(redis, (client) => client.set('kept', 'yes'));
  const getKept = (redis: EmbeddedRedis) => ask(redis, (client) => client.get('kept'));

  it('syncs every write, evicts nothing, keeps no snapshots and listens on loopback only', async () => {
    const redis = await start();
    const settings = await ask(redis, (client) =>
      client.config('GET', 'appendonly', 'appendfsync', 'maxmemory-policy', 'save', 'bind'),
    );
    expect(settings).toMatchObject(
      expect.arrayContaining(['appendonly', 'yes', 'appendfsync', 'always', 'maxmemory-policy', 'noeviction']),
    );
    expect(settings).toEqual(expect.arrayContaining(['save', '', 'bind', '127.0.0.1']));
    expect(portOf(redis)).not.toBe(6379);
  });

  it('has the same key after kill -9, restarts on the same port and reports the death', async () => {
    const deaths: ChildDeath[] = [];
    const redis = await start({ onDeath: (death) => void deaths.push(death) });
    await setKept(redis);
    const killed = redis.process.pid!;
    process.kill(killed, 'SIGKILL');
    await vi.waitUntil(() => redis.process.state === 'running' && redis.process.pid !== killed, { timeout: 10_000 });
    await vi.waitUntil(async () => (await readRedisInfo(portOf(redis)).catch(() => undefined))?.loading === false, {
      timeout: 10_000,
    });
    expect(await getKept(redis)).toBe('yes');
    expect(deaths).toMatchObject([{ name: 'redis', reason: 'SIGKILL', restartInMs: 1000 }]);
  });

  it('has the same key after a stop and a second start', async () => {
    const first = await start();
    await setKept(first);
    await first.process.stop(5000);
    expect(await getKept(await start())).toBe('yes');
  });

  it('gives a second data folder its own port', async () => {
    const first = await start();
    const elsewhere = join(dataDir, 'second');
    mkdirSync(elsewhere);
    const second = await start({ dataDir: elsewhere, logPath: join(elsewhere, 'redis.log') });
    expect(portOf(second)).not.toBe(portOf(first));
  });

  it('refuses a port that is asked for and taken', async () => {
    const server = createServer();
    listeners.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
  });

  it('refuses a damaged append-only file with the way to mend it', async () => {
    const first = await start();
    await setKept(first);
    await first.process.stop(5000);
    const folder = join(dataDir, 'redis', 'appendonlydir');
    const path = join(folder, 'appendonly.aof.1.incr.aof');
    writeFileSync(path, readFileSync(path, 'latin1').replace('$3', '$X'), 'latin1');
    await expect(start()).rejects.toThrow(/did not start.*Bad file format.*redis-check-aof --fix/s);
  });

  it('gives up waiting when asked to stop, leaving no server', async () => {
    const controller = new AbortController();
    let pid: number | undefined;
    const starting = start({
      signal: controller.signal,
      onStart: (started) => {
        pid = started;
        controller.abort(new Error('enough'));
      },
    });
    await expect(starting).rejects.toThrow('enough');
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  });
});

describe('readRedisInfo', () => {
  it('refuses a listener that does not speak RESP', async () => {
    const server = createServer((socket) => void socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(readRedisInfo(port)).rejects.toThrow('HTTP/1.1 400 Bad Request');
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('requireRedisProgram', () => {
  it('says how to get one when there is none', () => {
    expect(() => requireRedisProgram(undefined, '/nowhere')).toThrow(/apt-get install redis-server.*REDIS_URL/);
    expect(() => requireRedisProgram('/nowhere/redis', undefined)).toThrow('REDIS_SERVER names /nowhere/redis');
  });
});
