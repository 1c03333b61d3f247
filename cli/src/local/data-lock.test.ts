import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDataLock } from './data-lock.js';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.js';

describe('acquireDataLock', () => {
  let dataDir: string;
  let lockPath: string;
  let other: ChildProcess;
  let otherIdentity: ProcessIdentity;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'timbre-lock-'));
    lockPath = join(dataDir, 'timbre.lock');
    other = spawn('sleep', ['60'], { stdio: 'ignore' });
    otherIdentity = identifyProcess(other.pid!)!;
  });
  afterEach(() => {
    other.kill('SIGKILL');
    rmSync(dataDir, { recursive: true });
  });

  it('refuses a folder that a running process holds, naming its pid and address', () => {
    writeFileSync(lockPath, JSON.stringify({ ...otherIdentity, url: 'http://127.0.0.1:8080' }));
    expect(() => acquireDataLock(dataDir)).toThrow(
      `another Timbre (pid ${other.pid!} at http://127.0.0.1:8080) is using ${dataDir}`,
    );
  });

  it('takes over the lock of a process that was killed', async () => {
    writeFileSync(lockPath, JSON.stringify(otherIdentity));
    const exited = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await exited;
    acquireDataLock(dataDir);
    expect(JSON.parse(readFileSync(lockPath, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it('takes over a lock whose pid now belongs to a later process', () => {
    writeFileSync(lockPath, JSON.stringify({ ...otherIdentity, startedAt: '1' }));
    acquireDataLock(dataDir);
    expect(JSON.parse(readFileSync(lockPath, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it.each(['', '{"pid":', '{}', 'null'])('takes over a lock with the content %j', (content) => {
    writeFileSync(lockPath, content);
    acquireDataLock(dataDir).release();
    expect(existsSync(lockPath)).toBe(false);
  });

  it('leaves no file behind after release', () => {
    const lock = acquireDataLock(dataDir);
    lock.announce('http://127.0.0.1:1');
    expect(readFileSync(lockPath, 'utf8')).toContain('http://127.0.0.1:1');
    lock.release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('does not delete a lock that another process has taken over', () => {
    const lock = acquireDataLock(dataDir);
    writeFileSync(lockPath, JSON.stringify(otherIdentity));
    lock.release();
    expect(existsSync(lockPath)).toBe(true);
  });

  it('tells a running process from an ended one', async () => {
    expect(isRunning(otherIdentity)).toBe(true);
    expect(isRunning({ ...otherIdentity, startedAt: '1' })).toBe(false);
    const exited = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await exited;
    expect(isRunning(otherIdentity)).toBe(false);
  });
});
