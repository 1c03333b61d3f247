/**
 * A real S3 server for tests: versitygw over a temporary folder, on a free port of the loopback address. It is built by
 * `scripts/fetch-versitygw.mjs`; where that could not be, the reason says what to do, and the tests show as skipped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './redis-server.js';

const BINARY = fileURLToPath(new URL('../../../.cache/bin/versitygw-v1.7.0', import.meta.url));
const START_LIMIT_MS = 15_000;

export interface S3Server {
  host: string;
  port: number;
  bucket: string;
  accessKey: string;
  secretKey: string;
  /** The folder behind the bucket, to look at what the server really holds. */
  folder: string;
  /** As `OBJECT_STORE_URL`; another port leads through a proxy. */
  url(port?: number): string;
  stop(): Promise<void>;
}

/** Why no S3 server can be started here, or undefined when one can. */
export function whyNoS3Server(): string | undefined {
  return existsSync(BINARY) ? undefined : 'versitygw is not built: run `node scripts/fetch-versitygw.mjs` (needs Go)';
}

export async function startS3Server(): Promise<S3Server> {
  const missing = whyNoS3Server();
  if (missing !== undefined) throw new Error(missing);
  const root = await mkdtemp(join(tmpdir(), 'timbre-s3-'));
  const folder = join(root, 'data', 'timbre');
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, 'meta'));
  const credentials = { accessKey: 'timbre-test', secretKey: 'timbre-test-secret' };
  const { child, port } = await spawnServer(root, credentials);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    host: '127.0.0.1',
    port,
    bucket: 'timbre',
    ...credentials,
    folder,
    url: (at = port) =>
      `s3://${credentials.accessKey}:${credentials.secretKey}@127.0.0.1:${at}/timbre?tls=false&region=us-east-1`,
    async stop() {
      process.off('exit', kill);
      await end(child);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Another process may take the free port before the server does: then it exits, and another port is tried. */
async function spawnServer(root: string, { accessKey, secretKey }: { accessKey: string; secretKey: string }) {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const flags = ['--port', `127.0.0.1:${port}`, '--access', accessKey, '--secret', secretKey];
    const backend = ['posix', '--sidecar', join(root, 'meta'), join(root, 'data')];
    // A sidecar folder, because not every temporary folder has extended attributes.
    const child = spawn(BINARY, [...flags, '--keep-alive', '--quiet', '--health', '/health', ...backend], {
      stdio: 'ignore',
    });
    if (await isHealthy(child, port)) return { child, port };
    await end(child);
    if (tries >= 3) throw new Error('versitygw did not start');
  }
}

async function isHealthy(child: ChildProcess, port: number): Promise<boolean> {
  const endsAt = Date.now() + START_LIMIT_MS;
  while (Date.now() < endsAt && child.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (response?.ok === true) return true;
    await sleep(20);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
