/**
 * The storm: clients submit clips as jobs while preprocess and worker processes are killed every few seconds and Redis is
 * killed and restarted once. Afterwards the history checker reads what was promised and what was kept.
 */
import type { JobState, JobView } from '@timbre/shared/contracts/job';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { audit, type Witness } from '../audit.js';
import { clipForm, finished, sample, submit } from '../client.js';

export interface StormOptions {
  clips: number;
  clients: number;
  killEveryMs: number;
  /** Share of accepted clips after which Redis is killed, once. */
  redisAt: number;
  say?: (line: string) => void;
  /** Chooses victims; the same seed chooses the same ones. */
  seed: number;
}

export interface StormReport {
  accepted: number;
  kills: Record<'preprocess' | 'worker', number>;
  redisRestarts: number;
  /** Terminal states by count. */
  states: Record<string, number>;
  attempts: Record<string, number>;
  seconds: number;
  /** Broken promises; empty is what we want. */
  problems: string[];
}

const files = ['violin-01.wav', 'piano-01.mp3', 'guitar-01.flac', 'drums-01.wav'];

/** Park and Miller's minimal standard generator, so a run can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed % 2147483647 || 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

export async function runStorm(options: StormOptions): Promise<StormReport> {
  const system = await startSystem({
    preprocess: 2,
    workers: 2,
    env: { LOG_LEVEL: 'warn', MAX_STREAMS_PER_TENANT: '1000' },
  });
  try {
    return await blow(system, options);
  } finally {
    await system.stop();
  }
}

async function blow(system: TestSystem, options: StormOptions): Promise<StormReport> {
  const { clips, clients, say = () => undefined } = options;
  const started = performance.now();
  const oracle = new Map<string, unknown>();
  for (const name of files)
    oracle.set(name, (await finished(system.url, (await submit(system.url, sample(name))).id)).result);

  const witnesses: Witness[] = [];
  let next = 0;
  const accepted = { count: 0 };
  const trouble = createTrouble(system, options, accepted);
  const client = async (): Promise<void> => {
    while (next < clips) {
      const index = next++;
      const id = await submitPatiently(system, files[index % files.length] ?? '', `storm-${options.seed}-${index}`);
      accepted.count += 1;
      const seen: JobState[] = ['queued'];
      const view = await finished(system.url, id, 180_000).catch(() => undefined);
      if (view) seen.push(view.state);
      witnesses.push({ id, seen, view });
      if (witnesses.length % 100 === 0) say(`${witnesses.length}/${clips} ended, ${trouble.describe()}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await trouble.stop();
  const views = witnesses.flatMap(({ view }) => view ?? []);
  return {
    accepted: witnesses.length,
    kills: trouble.kills,
    redisRestarts: trouble.redisRestarts(),
    states: countBy(views.map(({ state }) => state)),
    attempts: countBy(views.map(({ attempts }) => String(attempts))),
    seconds: (performance.now() - started) / 1000,
    problems: await audit(system, witnesses, oracle),
  };
}

/** As a careful client would: the same Idempotency-Key until there is an answer. */
async function submitPatiently(system: TestSystem, name: string, key: string): Promise<string> {
  for (;;) {
    try {
      const response = await fetch(`${system.url}/v1/jobs`, {
        method: 'POST',
        body: await clipForm(sample(name)),
        headers: { 'idempotency-key': key },
      });
      const body = (await response.json()) as JobView;
      if (response.status === 202) return body.id;
    } catch {
      // The gateway or its Redis is away; ask again.
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function createTrouble(system: TestSystem, options: StormOptions, accepted: { count: number }) {
  const random = createRandom(options.seed);
  const kills = { preprocess: 0, worker: 0 };
  let redisRestarts = 0;
  let restarting: Promise<void> | undefined;
  const timer = setInterval(() => {
    const service = random() < 0.5 ? 'preprocess' : 'worker';
    const victims = system.processes(service);
    victims[Math.floor(random() * victims.length)]?.kill('SIGKILL');
    kills[service] += 1;
    if (redisRestarts === 0 && accepted.count >= options.clips * options.redisAt) {
      redisRestarts = 1;
      restarting = system.redis.kill().then(() => system.redis.restart());
    }
  }, options.killEveryMs);
  return {
    kills,
    redisRestarts: () => redisRestarts,
    describe: () => `${kills.preprocess} preprocess and ${kills.worker} worker kills, ${redisRestarts} Redis restarts`,
    async stop() {
      clearInterval(timer);
      await restarting;
    },
  };
}

function countBy(values: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
