import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChildRegistry } from './child-registry.js';

/** A process group leader that answers once it runs. */
async function startChild(script = ':') {
  const child = spawn('bash', ['-c', `${script}; echo up; while true; do sleep 1; done`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const exited = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal)),
  );
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { pid: child.pid!, exited };
}

describe('createChildRegistry', () => {
  let dataDir: string;
  beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'timbre-registry-'))));
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('ends recorded processes with SIGTERM, Redis last', async () => {
    const [redis, worker] = await Promise.all([startChild(), startChild()]);
    const registry = createChildRegistry(dataDir);
    registry.record('redis', redis.pid);
    registry.record('worker-1', worker.pid);
    expect(await createChildRegistry(dataDir).stopOrphans(10_000)).toEqual(['worker-1', 'redis']);
    expect(await Promise.all([redis.exited, worker.exited])).toEqual(['SIGTERM', 'SIGTERM']);
    expect(readdirSync(join(dataDir, 'run'))).toEqual([]);
  });

  it('kills one that ignores SIGTERM', async () => {
    const stubborn = await startChild('trap "" TERM');
    const registry = createChildRegistry(dataDir);
    registry.record('worker-1', stubborn.pid);
    await registry.stopOrphans(100);
    expect(await stubborn.exited).toBe('SIGKILL');
  });

  it('forgets what has ended by itself', async () => {
    const registry = createChildRegistry(dataDir);
    const child = await startChild();
    registry.record('worker-1', child.pid);
    process.kill(-child.pid, 'SIGKILL');
    await child.exited;
    expect(await registry.stopOrphans(1000)).toEqual([]);
    expect(readdirSync(join(dataDir, 'run'))).toEqual([]);
  });
});
