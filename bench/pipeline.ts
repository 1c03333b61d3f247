/**
 * The whole system against the limit of the machine: gateway, preprocess, worker, Redis and object store as `npm start` runs
 * them, the clients included. Rounds alternate in one run, so the ratio holds on a noisy machine; also the latency of
 * `/v1/classify` above the raw compute of its stages.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root, startSystem } from '@timbre/shared/testing/test-system';
import { benchClips } from './clips.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import { startLimit, type Limit } from './limit.js';
import type { Section } from './performance-doc.js';

const rounds = 3;
const clients = 32;
const classifyCalls = 200;
const cases = [
  { seconds: 2, clips: 600 },
  { seconds: 10, clips: 300 },
];

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
const quantile = (values: number[], share: number) => sorted(values)[Math.floor((values.length - 1) * share)] ?? NaN;
const median = (values: number[]) => quantile(values, 0.5);

interface Round {
  limit: number;
  system: number;
}

interface Latency {
  classifyMs: number[];
  computeMs: number;
}

export async function runPipelineBench(): Promise<Section> {
  const models = (await readdir(join(root, 'models'))).filter((id) => ['mfcc-cnn', 'timbre-s'].includes(id));
  const env = { LOG_LEVEL: 'warn', SWEEP_INTERVAL_MS: '5000', MAX_STREAMS_PER_TENANT: '1000' };
  const system = await startSystem({ env });
  const http = createHttpClient(system.url);
  const lines: string[] = [];
  const latencies: string[] = [];
  try {
    for (const model of models) {
      const limit = await startLimit(model);
      for (const { seconds, clips } of cases) {
        const measured = await measureRounds({ model, http, limit, seconds, clips });
        lines.push(...measured.map((round, index) => row(model, seconds, index, round)));
        lines.push(summary(model, seconds, measured));
      }
      latencies.push(latencyLine(model, await measureClassify(model, http, limit)));
      await limit.close();
    }
  } finally {
    http.close();
    await system.stop();
  }
  return {
    heading: 'Pipeline: the whole system against the limit of the machine',
    lines: [
      `Wav clips, 44.1 kHz mono, all different, sent one by one over HTTP as bulk jobs by ${clients} clients on the same machine.`,
      'Limit: one process, one thread per core, decode → features → ONNX and nothing else. Aim: 0.6 of it now, 0.8 later.',
      '',
      '| model | clip | round | limit, clips/s | system, clips/s | ratio |',
      '| --- | --- | --- | --- | --- | --- |',
      ...lines,
      '',
      '`/v1/classify`, one 2-second clip at a time (aim: median within 15 ms of the raw compute of its stages):',
      '',
      ...latencies,
    ],
  };
}

interface CaseOptions {
  model: string;
  http: HttpClient;
  limit: Limit;
  seconds: number;
  clips: number;
}

async function measureRounds({ model, http, limit, seconds, clips }: CaseOptions): Promise<Round[]> {
  const warm = 60;
  const all = await benchClips(clips * rounds + warm, seconds);
  const first = all.splice(0, warm);
  await limit.run(first);
  await runSystem(http, model, first);
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const part = all.splice(0, clips);
    measured.push({ limit: clips / (await limit.run(part)), system: clips / (await runSystem(http, model, part)) });
  }
  return measured;
}

/** Seconds from the first submission to the last finished job. */
async function runSystem(http: HttpClient, model: string, clips: Uint8Array[]): Promise<number> {
  const started = performance.now();
  let next = 0;
  const ids: string[] = [];
  const client = async (): Promise<void> => {
    for (let clip = clips[next++]; clip; clip = clips[next++]) {
      const { status, body } = await http.send('POST', `/v1/jobs?lane=bulk&model=${model}`, clip);
      if (status !== 202) throw new Error(`submit answered ${status}`);
      ids.push(String(body['id']));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  for (const id of ids) {
    const { body } = await http.send('GET', `/v1/jobs/${id}?waitSeconds=60`);
    if (body['state'] !== 'succeeded') throw new Error(`job ${id} is ${String(body['state'])}`);
  }
  return (performance.now() - started) / 1000;
}

/** One clip at a time: the call's latency, and what the same clip costs as bare compute, by turns. */
async function measureClassify(model: string, http: HttpClient, limit: Limit): Promise<Latency> {
  const classifyMs: number[] = [];
  const compute: number[] = [];
  for (const clip of await benchClips(classifyCalls, 2)) {
    compute.push((await limit.run([clip])) * 1000);
    const started = performance.now();
    const { body } = await http.send('POST', `/v1/classify?model=${model}`, clip);
    if (body['state'] !== 'succeeded') throw new Error(`classify answered ${String(body['state'])}`);
    classifyMs.push(performance.now() - started);
  }
  return { classifyMs, computeMs: median(compute) };
}

function row(model: string, seconds: number, index: number, { limit, system }: Round): string {
  const ratio = (system / limit).toFixed(2);
  return `| ${model} | ${seconds} s | ${index + 1} | ${limit.toFixed(0)} | ${system.toFixed(0)} | ${ratio} |`;
}

function summary(model: string, seconds: number, measured: Round[]): string {
  const ratio = median(measured.map(({ limit, system }) => system / limit));
  return `| ${model} | ${seconds} s | median | | | **${ratio.toFixed(2)}** |`;
}

function latencyLine(model: string, { classifyMs, computeMs }: Latency): string {
  const [p50, p95] = [median(classifyMs), quantile(classifyMs, 0.95)];
  return (
    `- \`${model}\`, ${classifyMs.length} calls: median ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms; ` +
    `raw compute ${computeMs.toFixed(1)} ms; **${(p50 - computeMs).toFixed(1)} ms above it**.`
  );
}
