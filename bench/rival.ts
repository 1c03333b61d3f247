/**
 * An archive through Timbre against the same clips, one call each, through the kind of service it grew out of: FastAPI, torchaudio
 * and PyTorch, one process per core. Needs a Python with these (`TIMBRE_BENCH_PYTHON`, default `python3`). By turns in one run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@timbre/shared/testing/redis-server';
import { root, startSystem } from '@timbre/shared/testing/test-system';
import { runArchive, writeArchive, type Case } from './archive.js';
import { benchClips } from './clips.js';
import type { Section } from './performance-doc.js';

const rounds = 3;
const clients = 16;
const one: Case = { model: 'mfcc-cnn', seconds: 2, clips: 1500 };

export async function runRivalBench(): Promise<Section> {
  const python = await startPythonService(process.env['TIMBRE_BENCH_PYTHON'] ?? 'python3');
  const system = await startSystem({ env: { LOG_LEVEL: 'warn' } });
  const folder = await mkdtemp(join(tmpdir(), 'timbre-rival-'));
  const path = join(folder, 'archive.tar');
  const rows: string[] = [];
  const ratios: number[] = [];
  try {
    await writeArchive(path, one);
    const clips = await benchClips(one.clips, one.seconds);
    await sendAll(python.url, clips.slice(0, 100));
    for (let round = 1; round <= rounds; round += 1) {
      const rival = one.clips / (await sendAll(python.url, clips));
      const ours = one.clips / (await runArchive(system, path, one)).seconds;
      ratios.push(ours / rival);
      rows.push(`| ${round} | ${rival.toFixed(0)} | ${ours.toFixed(0)} | ${(ours / rival).toFixed(1)} |`);
    }
  } finally {
    await python.stop();
    await system.stop();
    await rm(folder, { recursive: true });
  }
  const median = [...ratios].sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? NaN;
  return {
    heading: 'Against FastAPI + torchaudio + PyTorch',
    lines: [
      `${one.clips} wav clips of ${one.seconds} s, model \`${one.model}\`: as one archive through Timbre, and one call each by ${clients} clients to`,
      `[bench/python_service.py](../bench/python_service.py) with a process for each core (its network has the same layers). Aim: 5 times.`,
      '',
      '| round | Python service, clips/s | Timbre, clips/s | ratio |',
      '| --- | --- | --- | --- |',
      ...rows,
      `| median | | | **${median.toFixed(1)}** |`,
    ],
  };
}

async function startPythonService(python: string) {
  const port = await freePort();
  const args = ['-W', 'ignore', '-m', 'uvicorn', 'python_service:app', '--app-dir', join(root, 'bench')];
  const options = ['--host', '127.0.0.1', '--port', String(port), '--workers', String(availableParallelism())];
  const child = spawn(python, [...args, ...options, '--log-level', 'warning'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 600) throw new Error(`${python} did not start the service`);
    if (
      await fetch(`${url}/docs`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Seconds. */
async function sendAll(url: string, clips: readonly Uint8Array[]): Promise<number> {
  const started = performance.now();
  let next = 0;
  const client = async (): Promise<void> => {
    for (let clip = clips[next++]; clip; clip = clips[next++]) {
      const form = new FormData();
      form.set('file', new Blob([new Uint8Array(clip)]), 'clip.wav');
      const response = await fetch(`${url}/predict_instrument`, { method: 'POST', body: form });
      if (!response.ok) throw new Error(`the Python service answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (performance.now() - started) / 1000;
}
