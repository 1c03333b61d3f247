import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Invocation } from '../invocation.js';
import { createDemoCommand } from './demo.js';

/** Stands in for every service: ready at once; as gateway it labels a clip by the word in its name, in its second answer. */
const SERVICE = `
import { createServer } from 'node:http';
const gateway = process.argv[1].includes('gateway');
const jobs = new Map();
const label = (name) => ['violin', 'piano'].find((word) => name.includes(word));
process.on('SIGTERM', () => process.exit(0));
createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.url === '/readyz') return response.end('{}');
  if (request.method === 'POST') {
    const name = /filename="([^"]*)"/.exec(Buffer.concat(chunks).toString('latin1'))[1];
    const id = 'j' + String(jobs.size).padStart(32, '0');
    jobs.set(id, name);
    return response.writeHead(202).end(JSON.stringify({ id, state: 'queued' }));
  }
  const id = request.url.split('/').pop().split('?')[0];
  const found = label(jobs.get(id));
  const timings = { uploadSeconds: 0.001, totalSeconds: 0.02 };
  response.end(JSON.stringify(found
    ? { id, state: 'succeeded', timings, result: { decision: 'label', label: found, confidence: 0.9, segments: [] } }
    : { id, state: 'failed', timings, error: { code: 'audio_corrupt' } }));
}).listen(Number(gateway ? process.env.PORT : process.env.ADMIN_PORT), '127.0.0.1');
`;

describe('timbre demo', () => {
  let root: string;
  const printed: string[] = [];
  const reported: string[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'timbre-demo-'));
    for (const service of ['gateway', 'preprocess', 'worker']) {
      const folder = join(root, 'services', service, 'dist');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'main.js'), SERVICE);
    }
    mkdirSync(join(root, 'samples'));
    for (const name of ['violin-01.wav', 'piano-01.mp3']) writeFileSync(join(root, 'samples', name), 'RIFF');
  });
  afterEach(() => {
    printed.length = 0;
    reported.length = 0;
    rmSync(root, { recursive: true });
  });

  /** @returns the exit code the command asked for */
  async function demo(...args: string[]): Promise<unknown> {
    const invocation: Invocation = {
      environment: { PATH: process.env['PATH'], DRAIN_TIMEOUT_MS: '2000' },
      from: root,
      projectRoot: root,
      print: (text) => void printed.push(text),
      report: (line) => void reported.push(line),
    };
    const before = process.exitCode;
    try {
      await createDemoCommand(invocation).parseAsync(['--once', '--data-dir', join(root, 'data'), ...args], {
        from: 'user',
      });
      return process.exitCode;
    } finally {
      process.exitCode = before;
    }
  }
  const expecting = (expected: Record<string, string>) =>
    writeFileSync(join(root, 'samples', 'expected.json'), JSON.stringify(expected));

  it('ends with 0 and a table when both samples are as expected, with nothing left running', async () => {
    expecting({ 'violin-01.wav': 'violin', 'piano-01.mp3': 'piano' });
    expect(await demo()).toBe(0);
    expect(printed.join('\n')).toContain('2 clips: 2 classified, 0 failed; 2 of 2 as expected');
    expect(reported.join('\n')).toMatch(/is ready after/);
    expect(readdirSync(join(root, 'data', 'run'))).toEqual([]);
    expect(existsSync(join(root, 'data', 'timbre.lock'))).toBe(false);
  });

  it('ends with 1 when one of 2 samples is something else than expected', async () => {
    expecting({ 'violin-01.wav': 'violin', 'piano-01.mp3': 'drums' });
    expect(await demo()).toBe(1);
    expect(printed.join('\n')).toMatch(/NO: drums\n/);
  });

  it('ends with 0 when a clip of the person fails, and names its error code', async () => {
    expecting({ 'violin-01.wav': 'drums' });
    writeFileSync(join(root, 'noise.wav'), 'x');
    expect(await demo('noise.wav', 'samples/violin-01.wav')).toBe(0);
    expect(printed.join('\n')).toContain('failed: audio_corrupt');
    expect(printed.join('\n')).not.toContain('expected');
  });

  it('prints the jobs as JSON and nothing else with --json', async () => {
    expect(await demo('--json')).toBe(0);
    expect(printed).toHaveLength(1);
    expect(JSON.parse(printed[0]!)).toMatchObject([
      { path: join(root, 'samples', 'piano-01.mp3'), job: { state: 'succeeded', result: { label: 'piano' } } },
      { path: join(root, 'samples', 'violin-01.wav'), job: { state: 'succeeded', result: { label: 'violin' } } },
    ]);
  });

  it('starts nothing when a path is not there or a folder holds no audio', async () => {
    await expect(demo('gone')).rejects.toThrow(/^cannot read gone/);
    await expect(demo('services')).rejects.toThrow('no audio files in services');
    expect(existsSync(join(root, 'data'))).toBe(false);
  });
});
