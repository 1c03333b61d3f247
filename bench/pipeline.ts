/**
 * The whole system against the limit of the machine. Limit: one process, one thread per core, decode → features → ONNX and
 * nothing else. System: gateway, preprocess, worker, Redis and object store as `npm start` runs them. Rounds alternate in
 * one run, so the ratio holds on a noisy machine; also the latency of `/v1/classify` above the raw compute of its stages.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { modelCardSchema, type ModelCard } from '@timbre/shared/contracts/model-card';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { benchClips } from './clips.js';
import type { Section } from './performance-doc.js';

const model = 'mfcc-cnn';
const clipCount = 600;
const rounds = 3;
const clients = 32;
const classifyCalls = 200;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const percentile = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;

export async function runPipelineBench(): Promise<Section> {
  const card = modelCardSchema.parse(JSON.parse(await readFile(join(root, 'models', model, 'model.json'), 'utf8')));
  const onnx = new Uint8Array(await readFile(join(root, 'models', model, 'model.onnx')));
  const clips = await benchClips(clipCount * rounds + classifyCalls + 100);
  const limit = await startLimit(onnx, card, availableParallelism());
  const system = await startSystem({
    env: { LOG_LEVEL: 'warn', SWEEP_INTERVAL_MS: '5000', MAX_STREAMS_PER_TENANT: '1000' },
  });
  const rates: { limit: number; system: number }[] = [];
  try {
    const warm = clips.splice(0, 100);
    await limit.run(warm);
    await runSystem(system, warm);
    for (let round = 0; round < rounds; round += 1) {
      const part = clips.splice(0, clipCount);
      const fast = clipCount / (await limit.run(part));
      const whole = clipCount / (await runSystem(system, part));
      rates.push({ limit: fast, system: whole });
    }
    const latency = await measureClassify(system, limit, clips);
    return report(rates, latency);
  } finally {
    await limit.close();
    await system.stop();
  }
}

interface Limit {
  /** Seconds all threads need for the clips. */
  run(clips: Uint8Array[]): Promise<number>;
  close(): Promise<void>;
}

async function startLimit(onnx: Uint8Array, card: ModelCard, threads: number): Promise<Limit> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./limit-thread.js', import.meta.url), { workerData: { onnx, card } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    async run(clips) {
      const started = performance.now();
      await Promise.all(
        workers.map(async (worker, index) => {
          const share = clips.filter((_, clip) => clip % threads === index);
          if (share.length === 0) return;
          worker.postMessage(share);
          await once(worker, 'message');
        }),
      );
      return (performance.now() - started) / 1000;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Seconds from the first submission to the last finished job, bulk lane, submitted by parallel clients. */
async function runSystem({ url }: TestSystem, clips: Uint8Array[]): Promise<number> {
  const started = performance.now();
  let next = 0;
  const ids: string[] = [];
  const client = async (): Promise<void> => {
    while (next < clips.length) {
      const clip = clips[next++];
      const response = await fetch(`${url}/v1/jobs?lane=bulk&model=${model}`, {
        method: 'POST',
        body: Buffer.from(clip ?? []),
        headers: { 'content-type': 'audio/wav' },
      });
      if (response.status !== 202) throw new Error(`submit answered ${response.status}`);
      ids.push(((await response.json()) as { id: string }).id);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  for (const id of ids) {
    const response = await fetch(`${url}/v1/jobs/${id}?waitSeconds=60`);
    const { state } = (await response.json()) as { state: string };
    if (state !== 'succeeded') throw new Error(`job ${id} is ${state}`);
  }
  return (performance.now() - started) / 1000;
}

interface Latency {
  classifyMs: number[];
  computeMs: number;
}

/** One clip at a time: the call's latency, and what the same clip costs as bare compute, by turns. */
async function measureClassify({ url }: TestSystem, limit: Limit, clips: Uint8Array[]): Promise<Latency> {
  const classifyMs: number[] = [];
  const compute: number[] = [];
  for (const clip of clips.slice(0, classifyCalls)) {
    compute.push((await limit.run([clip])) * 1000);
    const started = performance.now();
    const response = await fetch(`${url}/v1/classify?model=${model}`, {
      method: 'POST',
      body: Buffer.from(clip),
      headers: { 'content-type': 'audio/wav' },
    });
    const { state } = (await response.json()) as { state: string };
    if (state !== 'succeeded') throw new Error(`classify answered ${state}`);
    classifyMs.push(performance.now() - started);
  }
  return { classifyMs, computeMs: median(compute) };
}

function report(rates: { limit: number; system: number }[], { classifyMs, computeMs }: Latency): Section {
  const ratio = median(rates.map(({ limit, system }) => system / limit));
  const row = ({ limit, system }: (typeof rates)[number], index: number) =>
    `| ${index + 1} | ${limit.toFixed(0)} | ${system.toFixed(0)} | ${(system / limit).toFixed(2)} |`;
  return {
    heading: 'Pipeline: the whole system against the limit of the machine',
    lines: [
      `${clipCount} clips of 2 s (wav, 44.1 kHz, all different) per round, model \`${model}\`, ${clients} clients.`,
      '',
      '| round | limit, clips/s | system, clips/s | ratio |',
      '| --- | --- | --- | --- |',
      ...rates.map(row),
      '',
      `**Ratio (median of ${rates.length} rounds): ${ratio.toFixed(2)}** (aim now 0.6, later 0.8).`,
      '',
      `\`/v1/classify\`, one 2-second clip at a time, ${classifyMs.length} calls: median ${median(classifyMs).toFixed(1)} ms, ` +
        `p95 ${percentile(classifyMs, 0.95).toFixed(1)} ms; raw compute of its stages ${computeMs.toFixed(1)} ms; ` +
        `**${(median(classifyMs) - computeMs).toFixed(1)} ms above it** (aim 15 ms).`,
    ],
  };
}
