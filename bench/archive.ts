/**
 * A whole archive as one batch against the limit of the machine: the tar is on disk, and the clock runs from the first byte sent
 * to the end of the batch. The limit is measured before and after, on halves of the same clips, so the ratio holds on a noisy
 * machine. Also what it costs while it runs: memory of Redis and of the gateway, and how soon the first result is there.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { pack } from 'tar-stream';
import { pino } from 'pino';
import { createRedis, readRedisMemory } from '@timbre/shared/queue/redis-connection';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { benchClips } from './clips.js';
import { startLimit } from './limit.js';
import type { Section } from './performance-doc.js';
import { sendArchive } from './send-archive.js';

export interface Case {
  model: string;
  seconds: number;
  clips: number;
}

const cases: Case[] = [
  { model: 'timbre-s', seconds: 2, clips: 5000 },
  { model: 'timbre-s', seconds: 10, clips: 1500 },
  { model: 'mfcc-cnn', seconds: 2, clips: 5000 },
];
const chunk = 250;

export async function runArchiveBench(): Promise<Section> {
  const only = process.env['BENCH_CASES']?.split(',').map(Number);
  const system = await startSystem({ env: { LOG_LEVEL: 'warn' } });
  const folder = await mkdtemp(join(tmpdir(), 'timbre-bench-'));
  const lines: string[] = [];
  try {
    for (const [index, each] of cases.entries()) {
      if (only && !only.includes(index)) continue;
      const path = join(folder, `${index}.tar`);
      await writeArchive(path, each);
      lines.push(await measure(system, path, each));
      await rm(path);
    }
  } finally {
    await system.stop();
    await rm(folder, { recursive: true });
  }
  return {
    heading: 'Archives: one batch against the limit of the machine',
    lines: [
      'A tar of different wav clips (44.1 kHz, mono), sent and worked off by the system as `npm start` runs it, from the first byte',
      'sent to the end of the batch. Limit: as for the pipeline, on the same clips. Aim: 0.8 of it.',
      '',
      '| model | clip | clips | limit, clips/s | system, clips/s | ratio | first result | Redis, peak over idle | gateway RSS, idle → peak |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...lines,
    ],
  };
}

async function measure(system: TestSystem, path: string, { model, seconds, clips }: Case): Promise<string> {
  const limit = await startLimit(model);
  await limit.run(await benchClips(chunk, seconds));
  const half = clips / 2;
  const before = await limitSeconds(limit, { seconds, from: 0, to: half });
  const watched = watchMemory(system);
  const { seconds: took, firstResult } = await runArchive(system, path, { model, seconds, clips });
  const memory = await watched.stop();
  const after = await limitSeconds(limit, { seconds, from: half, to: clips });
  await limit.close();
  const [limitRate, rate] = [clips / (before + after), clips / took];
  return (
    `| ${model} | ${seconds} s | ${clips} | ${limitRate.toFixed(0)} | ${rate.toFixed(0)} | **${(rate / limitRate).toFixed(2)}** ` +
    `| ${firstResult?.toFixed(2)} s | ${memory.redisMib.toFixed(1)} MiB | ${memory.idleRssMib.toFixed(0)} → ${memory.rssMib.toFixed(0)} MiB |`
  );
}

/** From the first byte sent to the end of the batch. */
export async function runArchive(
  system: TestSystem,
  path: string,
  { model }: Case,
): Promise<{ seconds: number; firstResult: number | undefined }> {
  const started = performance.now();
  const id = await sendArchive(`${system.url}/v1/batches?reuse=false&model=${model}`, path);
  let firstResult: number | undefined;
  for (;;) {
    const { state, clips: counts } = (await (await fetch(`${system.url}/v1/batches/${id}`)).json()) as {
      state: string;
      clips: { succeeded: number; failed: number };
    };
    if (counts.succeeded > 0) firstResult ??= (performance.now() - started) / 1000;
    if (state === 'succeeded') break;
    if (counts.failed > 0 || !['expanding', 'running'].includes(state)) throw new Error(`the batch is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { seconds: (performance.now() - started) / 1000, firstResult };
}

async function limitSeconds(
  limit: Awaited<ReturnType<typeof startLimit>>,
  { seconds, from, to }: { seconds: number; from: number; to: number },
): Promise<number> {
  let took = 0;
  for (let at = from; at < to; at += chunk)
    took += await limit.run(await benchClips(Math.min(chunk, to - at), seconds, at));
  return took;
}

export async function writeArchive(path: string, { seconds, clips }: Case): Promise<void> {
  const archive = pack();
  const written = once(archive.pipe(createWriteStream(path)), 'finish');
  for (let at = 0; at < clips; at += chunk)
    for (const [index, clip] of (await benchClips(Math.min(chunk, clips - at), seconds, at)).entries())
      await new Promise<void>((resolve, reject) =>
        archive.entry({ name: `clip-${at + index}.wav`, size: clip.length }, Buffer.from(clip), (error) =>
          error ? reject(error) : resolve(),
        ),
      );
  archive.finalize();
  await written;
}

/** Memory of Redis by its own account, and of the gateway's process, while something runs. */
function watchMemory(system: TestSystem) {
  const pid = system.processes('gateway')[0]?.pid ?? 0;
  const rss = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  const redis = createRedis(system.redis.url, 'call', pino({ level: 'silent' }));
  const used = async () => (await readRedisMemory(redis)).used / 2 ** 20;
  const idle = Promise.all([rss(), used()]);
  const peak = { rssMib: 0, redis: 0 };
  const look = async () => {
    peak.rssMib = Math.max(peak.rssMib, await rss());
    peak.redis = Math.max(peak.redis, await used());
  };
  const timer = setInterval(() => void look().catch(() => undefined), 200);
  return {
    async stop() {
      clearInterval(timer);
      await look();
      const [idleRssMib, idleRedis] = await idle;
      redis.disconnect();
      return { idleRssMib, rssMib: peak.rssMib, redisMib: peak.redis - idleRedis };
    },
  };
}
