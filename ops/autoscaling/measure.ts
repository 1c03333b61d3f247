/**
 * Measures what one clip costs one replica with one thread, by stage and length, and writes `measured.json`, which the
 * simulation reads: seconds = `perClip` + `perAudioSecond` × length, a line through the shortest of nine runs each: other work on the machine only ever adds.
 *
 * Usage: npx tsc -b ops && node .cache/ops-dist/autoscaling/measure.js
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { JobView } from '@timbre/shared/contracts/job';
import { root, startSystem } from '@timbre/shared/testing/test-system';
import { noiseWav } from './noise-wav.js';
import type { Measured, StageCost } from './model.js';

const lengths = [2, 10, 60, 300];
const clipsEach = 9;

const system = await startSystem({ env: { THREADS: '1', SESSION_THREADS: '1', INTRA_OP_THREADS: '1' } });
const shortest: { audio: number; preprocess: number; infer: number }[] = [];
try {
  await timed(2);
  for (const audio of lengths) {
    const runs: { preprocess: number; infer: number }[] = [];
    for (let clip = 0; clip < clipsEach; clip += 1) runs.push(await timed(audio));
    const [preprocess, infer] = [runs.map((run) => run.preprocess), runs.map((run) => run.infer)].map((values) =>
      Math.min(...values),
    );
    shortest.push({ audio, preprocess: preprocess ?? 0, infer: infer ?? 0 });
    console.log(`${audio} s: preprocess ${preprocess?.toFixed(4)} s, infer ${infer?.toFixed(4)} s`);
  }
} finally {
  await system.stop();
}

const measured: Measured = {
  machine: `${availableParallelism()} shared cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`,
  date: new Date().toISOString().slice(0, 10),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
  model: 'timbre-s',
  shortest,
  stages: { preprocess: lineThrough('preprocess'), infer: lineThrough('infer') },
};
await writeFile(join(root, 'ops/autoscaling/measured.json'), `${JSON.stringify(measured, null, 2)}\n`);

async function timed(audio: number): Promise<{ preprocess: number; infer: number }> {
  const form = new FormData();
  form.append('file', new Blob([noiseWav(audio, 44_100)]), 'noise.wav');
  form.append('lane', 'bulk');
  const accepted = await fetch(`${system.url}/v1/jobs`, { method: 'POST', body: form });
  const { id } = (await accepted.json()) as JobView;
  const { state, timings } = (await (await fetch(`${system.url}/v1/jobs/${id}?waitSeconds=60`)).json()) as JobView;
  if (state !== 'succeeded') throw new Error(`a clip of ${audio} s ended as ${state}`);
  return { preprocess: timings.preprocessSeconds ?? 0, infer: timings.inferSeconds ?? 0 };
}

/** Least squares of the relative errors, so that short clips count as much as long ones. */
function lineThrough(stage: 'preprocess' | 'infer'): StageCost {
  const points = shortest.map((each) => ({ x: each.audio, y: each[stage], weight: 1 / each[stage] ** 2 }));
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + point.weight * of(point), 0) / total;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  return { perClip: Math.max(1e-4, y - slope * x), perAudioSecond: slope };
}
