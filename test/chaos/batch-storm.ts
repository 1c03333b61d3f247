/**
 * The storm over one archive: any process is killed at any time, the gateway that feeds it included, and Redis once. Then it is
 * checked that each clip ended exactly once and rightly, and that nothing finished was done again.
 */
import { startSystem, type Service, type TestSystem } from '@timbre/shared/testing/test-system';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { spoiledCode, tarOf } from '../archive.js';
import { batchResults, endedBatch, getBatch, submitBatch, type ResultLine } from '../batch-client.js';

export interface BatchStormOptions {
  clips: number;
  killEveryMs: number;
  seed: number;
  say?: (line: string) => void;
}

export interface BatchStormReport {
  state: string;
  clips: BatchView['clips'];
  failuresByCode: Record<string, number>;
  kills: Record<Service, number>;
  redisRestarts: number;
  seconds: number;
  /** Clips seen finished during the storm, and looked at again afterwards. */
  witnessed: number;
  problems: string[];
}

const spoilEvery = 50;

/** Park and Miller's minimal standard generator, so a run can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed % 2147483647 || 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

export async function runBatchStorm(options: BatchStormOptions): Promise<BatchStormReport> {
  const system = await startSystem({ preprocess: 2, workers: 2, env: { LOG_LEVEL: 'warn' } });
  try {
    return await blow(system, options);
  } finally {
    await system.stop();
  }
}

async function blow(system: TestSystem, { clips, killEveryMs, seed, say = () => undefined }: BatchStormOptions) {
  const started = performance.now();
  const { id } = await submitBatch(system.url, await tarOf(clips, { spoilEvery }));
  const random = createRandom(seed);
  const kills = { gateway: 0, preprocess: 0, worker: 0 };
  const services = ['preprocess', 'worker', 'gateway'] as const;
  let redisRestarts = 0;
  let restarting: Promise<void> | undefined;
  const seen = new Map<number, string>();

  const timer = setInterval(() => {
    const service = services[Math.floor(random() * services.length)] ?? 'worker';
    const victims = system.processes(service);
    victims[Math.floor(random() * victims.length)]?.kill('SIGKILL');
    kills[service] += 1;
  }, killEveryMs);
  const witness = setInterval(
    () => {
      void (async () => {
        const view = await getBatch(system.url, id);
        say(`${view.clips.succeeded + view.clips.failed}/${clips} ended, kills ${JSON.stringify(kills)}`);
        for (const { index, finishedAt } of await batchResults(system.url, id))
          if (!seen.has(index)) seen.set(index, finishedAt);
      })().catch(() => undefined);
    },
    Math.max(1000, killEveryMs),
  );

  const trouble = setInterval(() => {
    void getBatch(system.url, id).then(
      ({ clips: { succeeded } }) => {
        if (redisRestarts > 0 || succeeded < clips * 0.2) return;
        redisRestarts = 1;
        restarting = system.redis.kill().then(() => system.redis.restart());
      },
      () => undefined,
    );
  }, 150);

  let view: BatchView;
  try {
    view = await endedBatch(system.url, id, Math.max(120_000, clips * 60));
  } finally {
    clearInterval(timer);
    clearInterval(witness);
    clearInterval(trouble);
    await restarting;
  }
  const results = await patiently(() => batchResults(system.url, id));
  return {
    state: view.state,
    clips: view.clips,
    failuresByCode: view.failuresByCode,
    kills,
    redisRestarts,
    seconds: (performance.now() - started) / 1000,
    witnessed: seen.size,
    problems: problemsOf(clips, view, results, seen),
  };
}

function problemsOf(
  clips: number,
  view: BatchView,
  results: ResultLine[],
  seen: ReadonlyMap<number, string>,
): string[] {
  const problems: string[] = [];
  const byIndex = new Map(results.map((line) => [line.index, line]));
  if (view.state !== 'completed_with_errors') problems.push(`the batch is ${view.state}`);
  if (results.length !== clips) problems.push(`${results.length} results of ${clips} clips`);
  if (byIndex.size !== results.length) problems.push('a clip has two results');
  for (let index = 0; index < clips; index += 1) {
    const line = byIndex.get(index);
    const wanted = spoiledCode(index, spoilEvery);
    if (!line) problems.push(`clip ${index} has no result`);
    else if (line.error?.code !== wanted)
      problems.push(`clip ${index} ended with ${line.error?.code ?? line.state}, not ${wanted ?? 'succeeded'}`);
    else if (seen.has(index) && seen.get(index) !== line.finishedAt) problems.push(`clip ${index} was done again`);
  }
  const failed = results.filter(({ state }) => state === 'failed').length;
  const { succeeded, failed: counted, total, queued, running, canceled } = view.clips;
  if (counted !== failed || succeeded !== clips - failed || total !== clips)
    problems.push(`the counters say ${JSON.stringify(view.clips)}`);
  if (queued + running + canceled !== 0) problems.push('clips are left over');
  const codes = Object.values(view.failuresByCode).reduce((sum, count) => sum + count, 0);
  if (codes !== failed) problems.push('the codes do not add up');
  return problems.slice(0, 50);
}

/** The gateway may just have been killed. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
