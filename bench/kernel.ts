/**
 * Features per core: our kernel, meyda and, where TIMBRE_BENCH_PYTHON names an interpreter that has them, torchaudio and
 * librosa, each on one thread, on the same clip with the same spec. Rounds alternate between the contenders and count
 * processor time, so another load on the machine disturbs all of them alike; the ratio is the median over rounds.
 *
 *     TIMBRE_BENCH_PYTHON=.venv/bin/python node .cache/bench-dist/kernel.js [--json FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFeatureExtractor } from '@timbre/preprocess/features/extract-features';
import { featureSpecSchema, windowShape, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { inProcess, makeClip, meydaPass, type Work } from './kernel-contenders.js';
import { startPythonRivals, type PythonRivals } from './python-rivals.js';

const ROUNDS = 9;
const ROUND_CPU_SECONDS = 0.2;
const OURS = 'timbre';

const stft = { nFft: 1024, hopLength: 512, winLength: 1024, nMels: 64, fMinHz: 0, fMaxHz: null } as const;
const mel = { ...stft, melScale: 'htk', melNorm: 'none', power: 2, center: true } as const;
const log = { kind: 'db', topDb: 80 } as const;
const mfcc = { kind: 'mfcc', ...mel, log, coefficients: 15 } as const;
const logMel = { kind: 'logMel', ...mel, log } as const;

const cases = [
  { name: 'mfcc, 2 s at 44.1 kHz', sampleRateHz: 44100, seconds: 2, transform: mfcc },
  { name: 'mfcc, 10 s at 44.1 kHz', sampleRateHz: 44100, seconds: 10, transform: mfcc },
  { name: 'log-mel, 2 s at 16 kHz', sampleRateHz: 16000, seconds: 2, transform: logMel },
];

export interface KernelContender {
  name: string;
  /** Seconds of audio for each second of one core: median over rounds. */
  realTimeFactor: number;
  microsecondsPerFrame: number;
  /** How many times its processor time our kernel would fit in: median over rounds, 1 for ours. */
  timesSlower: number;
  /** Largest absolute difference from our features over their largest absolute value; absent where definitions differ. */
  deviation?: number;
}

export interface KernelReport {
  node: string;
  cpu: string;
  cases: { name: string; spec: FeatureSpec; seconds: number; contenders: KernelContender[] }[];
  /** Rivals that could not take part, and why. */
  absent: string[];
}

/** Runs all cases; a rival that is missing is named in `absent`, never skipped silently. */
export async function runKernelBench(python: string | undefined): Promise<KernelReport> {
  const folder = mkdtempSync(join(tmpdir(), 'timbre-bench-'));
  const rivals = python ? startPythonRivals(python) : undefined;
  const report: KernelReport = {
    node: process.version,
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown'}, one thread each`,
    cases: [],
    absent: rivals ? [] : ['torchaudio and librosa: TIMBRE_BENCH_PYTHON names no interpreter'],
  };
  try {
    for (const { name, sampleRateHz, seconds, transform } of cases) {
      const crop = { kind: 'head', seconds };
      const spec = featureSpecSchema.parse({ version: 1, sampleRateHz, crop, transform });
      const pcm = makeClip(sampleRateHz, seconds);
      const contenders = await compare(spec, pcm, { rivals, file: join(folder, 'clip.f32'), absent: report.absent });
      report.cases.push({ name, spec, seconds, contenders });
    }
  } finally {
    rivals?.close();
    rmSync(folder, { recursive: true });
  }
  return report;
}

interface RivalSetup {
  rivals: PythonRivals | undefined;
  file: string;
  absent: string[];
}

async function compare(spec: FeatureSpec, pcm: Float32Array, setup: RivalSetup): Promise<KernelContender[]> {
  const extract = createFeatureExtractor(spec);
  const works = new Map<string, Work>([
    [OURS, inProcess(() => extract(pcm))],
    ['meyda', inProcess(meydaPass(spec, pcm))],
  ]);
  const deviations = new Map<string, number>();
  if (setup.rivals) {
    const { rivals, file } = setup;
    writeFileSync(file, Buffer.from(pcm.buffer));
    const { results, absent } = await rivals.load(spec, file);
    for (const reason of absent) if (!setup.absent.includes(reason)) setup.absent.push(reason);
    for (const [name, result] of Object.entries(results)) {
      works.set(name, (iterations) => rivals.run(name, iterations));
      deviations.set(name, deviation(extract(pcm).data, result));
    }
  }
  const seconds = await measureRounds(works);
  const ours = seconds.get(OURS) ?? [];
  const frames = windowShape(spec).at(-1) ?? 1;
  return [...seconds].map(([name, rounds]) => ({
    name,
    realTimeFactor: pcm.length / spec.sampleRateHz / median(rounds),
    microsecondsPerFrame: (median(rounds) / frames) * 1e6,
    timesSlower: median(rounds.map((round, i) => round / (ours[i] ?? NaN))),
    ...(deviations.has(name) ? { deviation: deviations.get(name) ?? NaN } : {}),
  }));
}

/** Processor seconds of one pass, by contender and round. */
async function measureRounds(works: Map<string, Work>): Promise<Map<string, number[]>> {
  const iterations = new Map<string, number>();
  for (const [name, work] of works) {
    // The first passes compile and fill caches; then as many as a round should last.
    let passes = 1;
    let spent = await work(passes);
    while (spent < ROUND_CPU_SECONDS) spent = await work((passes *= 2));
    iterations.set(name, passes);
  }
  const seconds = new Map([...works.keys()].map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, work] of works) {
      const passes = iterations.get(name) ?? 1;
      seconds.get(name)?.push((await work(passes)) / passes);
    }
  return seconds;
}

function deviation(ours: Float32Array, theirs: string): number {
  const bytes = Buffer.from(theirs, 'base64');
  if (bytes.length !== ours.byteLength) return NaN;
  let difference = 0;
  let largest = 0;
  ours.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - bytes.readFloatLE(i * 4)));
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}

function median(values: number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
