import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identifyProcess, isRunning } from './process-identity.js';
import { launchService } from './service-process.js';

const PARENT_WATCH = new URL('../../dist/local/parent-watch.js', import.meta.url).href;

describe('launchService', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-service-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const script = (source: string) => {
    const path = join(folder, 'main.mjs');
    writeFileSync(path, source);
    return path;
  };

  it('writes output to the log file and, when echoed, line by line to the terminal', async () => {
    const lines: string[] = [];
    const logPath = join(folder, 'worker-1.log');
    const child = launchService({
      plan: {
        name: 'worker-1',
        script: script("console.log('port ' + process.env.ADMIN_PORT); console.error('two');"),
        environment: { ADMIN_PORT: '7' },
        readyUrl: '',
        metricsUrl: '',
      },
      environment: { PATH: process.env['PATH'] },
      projectRoot: folder,
      logPath,
      echo: (line) => void lines.push(line),
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(lines.sort()).toEqual(['port 7', 'two']);
    await vi.waitUntil(() => readFileSync(logPath, 'utf8').split('\n').sort().join() === ',port 7,two');
  });

  it('asks a child to stop when its parent was killed with SIGKILL', async () => {
    const child = script(`
      process.on('SIGTERM', () => process.exit(0));
      setInterval(() => undefined, 1000);
      process.stdout.write(String(process.pid));`);
    // Grandchild of this test: the parent in between is the one that dies.
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { spawn } from 'node:child_process';
         spawn(process.execPath, ['--import', ${JSON.stringify(PARENT_WATCH)}, ${JSON.stringify(child)}],
           { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = Number(
      await new Promise<string>((resolve) => parent.stdout.once('data', (data) => resolve(String(data)))),
    );
    const identity = identifyProcess(pid)!;
    parent.kill('SIGKILL');
    await vi.waitUntil(() => !isRunning(identity), { timeout: 5000 });
  });

  it('lets a child that has nothing more to do end by itself', async () => {
    const child = spawn(process.execPath, ['--import', PARENT_WATCH, script('')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  });
});
