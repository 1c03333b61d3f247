/**
 * What a batch costs as it grows: the same short clips in archives of 1 k to 1 M. Each archive is read whole; of its clips a
 * sample is worked off before the batch is canceled, because what matters is whether the cost of a clip, and the memory of
 * Redis and of the gateway, stay the same however many there are.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createRedis, readRedisMemory } from '@timbre/shared/queue/redis-connection';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { tarEnd, tarEntry } from '@timbre/shared/results/tar-entry';
import { wavHeader } from '@timbre/shared/wav-header';
import type { Section } from './performance-doc.js';
import { sendArchive } from './send-archive.js';

const defaultSizes = [1000, 10_000, 100_000, 1_000_000];
/** Clips of each archive that are worked off. */
const sample = 2000;
const services = ['gateway', 'preprocess', 'worker'] as const;
type View = { state: string; clips: { total: number; succeeded: number; failed: number } };

export async function runScaleBench(): Promise<Section> {
  const sizes = process.env['BENCH_SIZES']?.split(',').map(Number) ?? defaultSizes;
  const folder = await mkdtemp(join(tmpdir(), 'timbre-scale-'));
  const rows: string[] = [];
  try {
    for (const size of sizes) {
      const path = join(folder, 'archive.tar');
      await writeTinyArchive(path, size);
      rows.push(await measure(path, size));
      console.error(rows.at(-1));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return {
    heading: 'Batches of any size: what a clip costs',
    lines: [
      `Archives (tar) of short wav clips (50 ms at 8 kHz, all different). Each is read whole; ${sample} clips are worked off, then the`,
      'batch is canceled. Processor time is that of all processes of a service. Aim: flat, and Redis under 64 MiB above idle.',
      '',
      '| clips | archive | upload | reading, clips/s | Redis, peak over idle | gateway RSS, idle → peak | CPU of reading, ms/clip | gateway, ms/clip | preprocess, ms/clip | worker, ms/clip |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...rows,
    ],
  };
}

async function measure(path: string, size: number): Promise<string> {
  const system = await startSystem({ env: { LOG_LEVEL: 'warn', MAX_BATCH_CLIPS: '2000000' } });
  const redis = createRedis(system.redis.url, 'call', pino({ level: 'silent' }));
  try {
    const used = async () => (await readRedisMemory(redis)).used / 2 ** 20;
    const idle = { redis: await used(), rss: await rssMib(system) };
    const peak = { ...idle };
    const look = async () => {
      peak.redis = Math.max(peak.redis, await used());
      peak.rss = Math.max(peak.rss, await rssMib(system));
    };
    const watching = setInterval(() => void look().catch(() => undefined), 250);
    const started = performance.now();
    const sent = await sendArchive(`${system.url}/v1/batches?reuse=false`, path);
    const uploadSeconds = (performance.now() - started) / 1000;
    // Nothing is handed out while it is read, so both can be told apart.
    await act(system, sent, 'pause');
    const before = await cpuSeconds(system);
    const readFrom = performance.now();
    await until(system, sent, ({ state }) => state !== 'expanding');
    const readSeconds = (performance.now() - readFrom) / 1000;
    const read = await cpuSeconds(system);
    const first = (await view(system, sent)).clips.succeeded;
    await act(system, sent, 'resume');
    const wanted = Math.min(size, first + sample);
    const done = await until(system, sent, ({ clips }) => clips.succeeded >= wanted);
    const after = await cpuSeconds(system);
    await act(system, sent, 'cancel').catch(() => undefined);
    await look();
    clearInterval(watching);
    const clips = done.clips.succeeded - first;
    const perClip = (service: (typeof services)[number]) =>
      (((after[service] - read[service]) * 1000) / clips).toFixed(2);
    const readCpu = services.reduce((sum, service) => sum + read[service] - before[service], 0);
    return (
      `| ${size.toLocaleString('en')} | ${((await stat(path)).size / 1e6).toFixed(0)} MB | ${uploadSeconds.toFixed(1)} s | ${(size / readSeconds).toFixed(0)} ` +
      `| ${(peak.redis - idle.redis).toFixed(2)} MiB | ${idle.rss.toFixed(0)} → ${peak.rss.toFixed(0)} MiB | ${((readCpu * 1000) / size).toFixed(3)} ` +
      `| ${perClip('gateway')} | ${perClip('preprocess')} | ${perClip('worker')} |`
    );
  } finally {
    redis.disconnect();
    await system.stop();
  }
}

async function writeTinyArchive(path: string, size: number): Promise<void> {
  const out = createWriteStream(path, { highWaterMark: 4 * 1024 * 1024 });
  const clip = tinyWav();
  for (let index = 0; index < size; index += 1) {
    clip.writeUInt32LE(index, clip.length - 4);
    if (!out.write(tarEntry(`c/${index}.wav`, clip, 0))) await once(out, 'drain');
  }
  out.end(tarEnd);
  await once(out, 'finish');
}

function tinyWav(): Buffer {
  const samples = 400;
  const file = Buffer.concat([wavHeader('pcm16', 8000, samples * 2), Buffer.alloc(samples * 2)]);
  for (let at = 0; at < samples; at += 1) file.writeInt16LE(Math.round(12_000 * Math.sin(at / 5)), 44 + at * 2);
  return file;
}

const view = async (system: TestSystem, id: string): Promise<View> =>
  (await (await fetch(`${system.url}/v1/batches/${id}`)).json()) as View;

async function act(system: TestSystem, id: string, action: string): Promise<void> {
  const { ok, status } = await fetch(`${system.url}/v1/batches/${id}/${action}`, { method: 'POST' });
  if (!ok && status !== 409) throw new Error(`${action} answered ${status}`);
}

async function until(system: TestSystem, id: string, holds: (view: View) => boolean): Promise<View> {
  for (;;) {
    const now = await view(system, id);
    if (holds(now)) return now;
    if (!['expanding', 'running'].includes(now.state)) throw new Error(`the batch is ${now.state}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function rssMib(system: TestSystem): Promise<number> {
  const status = await readFile(`/proc/${system.processes('gateway')[0]?.pid ?? 0}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** User and system time by service, in seconds. */
async function cpuSeconds(system: TestSystem): Promise<Record<(typeof services)[number], number>> {
  const sums = { gateway: 0, preprocess: 0, worker: 0 };
  for (const service of services)
    for (const { pid } of system.processes(service)) {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      sums[service] += (Number(fields[11]) + Number(fields[12])) / 100;
    }
  return sums;
}
