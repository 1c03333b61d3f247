/** The frame of `start` and `demo`: read the configuration, bring the system up, work, and always take it down again. */
import { resolve } from 'node:path';
import { loadConfig, type Environment } from '@timbre/shared/config/load-config';
import { localSchema } from '@timbre/shared/config/schemas';
import { version } from '@timbre/shared/version';
import { CliError } from '../cli-error.js';
import type { Invocation } from '../invocation.js';
import { resolveModelsUrl } from './local-plan.js';
import { createLocalSystem, type LocalSystem, type RunningSystem } from './local-system.js';
import { listenForStop } from './stop-request.js';

/** Flags that mirror environment names; a flag wins. */
export interface LocalFlags {
  port?: string;
  dataDir?: string;
  preprocess?: string;
  workers?: string;
  verbose?: boolean;
}

export interface LocalRun {
  flags: LocalFlags;
  /** Take the next free port when the default one is taken. An explicit port is never replaced. */
  searchPort: boolean;
  /** Unset: wait as long as it takes, saying what is missing. */
  readyTimeoutMs?: number | undefined;
  /** Runs while the system is up. @returns the exit code */
  work: (system: RunningSystem, signal: AbortSignal) => Promise<number>;
}

const INTERRUPTED = 130;

/** @returns the exit code; 130 when it was stopped before `work` was done */
export async function runLocalSystem(invocation: Invocation, run: LocalRun): Promise<number> {
  const { flags, work } = run;
  const environment = withFlags(invocation, flags);
  const config = loadConfig(localSchema, environment);
  const stop = listenForStop();
  const { report, projectRoot, from } = invocation;
  const dataDir = resolve(from, config.DATA_DIR);
  const system = createLocalSystem({
    config,
    environment,
    projectRoot,
    dataDir,
    modelsUrl: resolveModelsUrl(environment, { projectRoot, from }),
    searchPort: run.searchPort && !environment['PORT'],
    verbose: flags.verbose ?? false,
    report,
  });
  stop.signal.addEventListener('abort', () => report(stopNotice(config.DRAIN_TIMEOUT_MS)));
  stop.onHurry(() => {
    report('not waiting for work in hand');
    system.hurry();
  });
  try {
    const startedAtMs = performance.now();
    const running = await startWithin(run.readyTimeoutMs, system, stop.signal);
    describeSystem(running, { dataDir, seconds: (performance.now() - startedAtMs) / 1000 }).forEach(report);
    return await work(running, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    await system.stop();
    stop.dispose();
    if (stop.signal.aborted) report('stopped; no process left running');
  }
}

async function startWithin(
  timeoutMs: number | undefined,
  system: LocalSystem,
  stop: AbortSignal,
): Promise<RunningSystem> {
  if (timeoutMs === undefined) return system.start(stop);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new CliError(`not ready after ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await system.start(AbortSignal.any([stop, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the person asks to stop. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function withFlags({ environment }: Invocation, flags: LocalFlags): Environment {
  const given = {
    PORT: flags.port,
    DATA_DIR: flags.dataDir,
    PREPROCESS_PROCESSES: flags.preprocess,
    WORKER_PROCESSES: flags.workers,
  };
  return { ...environment, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function stopNotice(drainTimeoutMs: number): string {
  return `stopping: finishing work in hand, up to ${drainTimeoutMs / 1000} s (Ctrl-C again: without waiting)`;
}

function describeSystem(system: RunningSystem, { dataDir, seconds }: { dataDir: string; seconds: number }): string[] {
  const row = (what: string, value: string) => `  ${what.padEnd(14)} ${value}`;
  return [
    `Timbre ${version} is ready after ${seconds.toFixed(1)} s`,
    row('page', `${system.url}/`),
    row('API docs', `${system.url}/docs`),
    ...system.processes.map(({ name, metricsUrl }) => row(name, metricsUrl)),
    row('queues', `${system.adminUrl}/queues`),
    row('Redis', withoutPassword(system.redisUrl)),
    row('data, logs', dataDir),
  ];
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//…@');
}
