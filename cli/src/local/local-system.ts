/**
 * The whole system on one machine: Redis, then the services, each a supervised child on one locked data folder.
 * `start` resolves when all are ready; `stop` may be called at any time, more than once, and also after a failed start:
 * services drain together, Redis goes last because they still write to it, and then nothing of ours is running.
 */
import { join } from 'node:path';
import type { Environment } from '@timbre/shared/config/load-config';
import type { LocalConfig } from '@timbre/shared/config/schemas';
import { CliError } from '../cli-error.js';
import { createChildRegistry, type ChildRegistry } from './child-registry.js';
import { acquireDataLock, type DataLock } from './data-lock.js';
import { REDIS_STOP_GRACE_MS, startEmbeddedRedis, type EmbeddedRedis } from './embedded-redis.js';
import { planProcesses, type LocalPlan, type ProcessPlan } from './local-plan.js';
import { tailLog } from './log-file.js';
import { waitUntilReady } from './readiness.js';
import { requireRedisProgram } from './redis-program.js';
import { createRestartPolicy } from './restart-policy.js';
import { launchService } from './service-process.js';
import { superviseProcess, type ChildDeath, type SupervisedProcess } from './supervised-process.js';

/** A child that dies this often before the system was ever ready has a fault that a restart does not cure. */
const DEATHS_BEFORE_GIVING_UP = 3;
/** Lets a child that hits its own drain deadline say so before it is killed. */
const KILL_MARGIN_MS = 1000;
const ORPHAN_GRACE_MS = 10_000;

export interface LocalSystemOptions {
  config: LocalConfig;
  environment: Environment;
  projectRoot: string;
  /** Absolute. */
  dataDir: string;
  modelsUrl: string;
  searchPort: boolean;
  verbose: boolean;
  /** One line for the person at the terminal. */
  report: (line: string) => void;
}

export interface RunningSystem extends LocalPlan {
  redisUrl: string;
}

export interface LocalSystem {
  /** @throws CliError when the folder or a port is in use, or a child keeps dying */
  start(signal: AbortSignal): Promise<RunningSystem>;
  stop(): Promise<void>;
  /** Ends the draining of a stop in progress. */
  hurry(): void;
}

export function createLocalSystem(options: LocalSystemOptions): LocalSystem {
  const { config, dataDir, report } = options;
  const services: SupervisedProcess[] = [];
  let lock: DataLock | undefined;
  let registry: ChildRegistry | undefined;
  let redis: EmbeddedRedis | undefined;
  let stopped: Promise<void> | undefined;

  const start = async (signal: AbortSignal): Promise<RunningSystem> => {
    lock = acquireDataLock(dataDir);
    registry = createChildRegistry(dataDir);
    const orphans = await registry.stopOrphans(ORPHAN_GRACE_MS);
    if (orphans.length > 0) report(`stopped what an earlier run left behind: ${orphans.join(', ')}`);
    if (!config.REDIS_URL) redis = await startRedis(options, { registry, signal });
    const redisUrl = config.REDIS_URL ?? redis?.url ?? '';
    const plan = await planProcesses({ ...options, redisUrl });
    signal.throwIfAborted();
    await startServices(plan.processes, { ...options, services, registry, signal });
    lock.announce(plan.url);
    return { ...plan, redisUrl };
  };

  const stopAll = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.stop(config.DRAIN_TIMEOUT_MS + KILL_MARGIN_MS)));
    await redis?.process.stop(REDIS_STOP_GRACE_MS);
    for (const name of ['redis', ...services.map((service) => service.name)]) registry?.forget(name);
    lock?.release();
  };

  return {
    start,
    stop: () => (stopped ??= stopAll()),
    hurry: () => {
      for (const service of services) service.kill();
    },
  };
}

interface StartContext {
  registry: ChildRegistry;
  signal: AbortSignal;
}

function startRedis(options: LocalSystemOptions, { registry, signal }: StartContext): Promise<EmbeddedRedis> {
  const { config, environment, dataDir, report } = options;
  const logPath = logPathOf(dataDir, 'redis');
  return startEmbeddedRedis({
    program: requireRedisProgram(config.REDIS_SERVER, environment['PATH']),
    dataDir,
    logPath,
    port: config.REDIS_PORT,
    onStart: (pid) => registry.record('redis', pid),
    onDeath: (death) => report(describeDeath(death, logPath)),
    report,
    signal,
  });
}

interface ServicesStart extends LocalSystemOptions, StartContext {
  /** Filled as they start, so that a stop in between finds them. */
  services: SupervisedProcess[];
}

async function startServices(plans: ProcessPlan[], context: ServicesStart): Promise<void> {
  const givenUp = new AbortController();
  let starting = true;
  const onDeath = (death: ChildDeath): void => {
    const logPath = logPathOf(context.dataDir, death.name);
    context.report(describeDeath(death, logPath));
    if (starting && death.failures >= DEATHS_BEFORE_GIVING_UP) givenUp.abort(hopeless(death, logPath));
  };
  for (const plan of plans) context.services.push(superviseService(plan, { ...context, onDeath }));
  const signal = AbortSignal.any([context.signal, givenUp.signal]);
  await waitUntilReady(plans, { signal, report: context.report });
  starting = false;
}

function superviseService(plan: ProcessPlan, context: ServicesStart & { onDeath: (death: ChildDeath) => void }) {
  const { environment, projectRoot, dataDir, verbose, registry, report, onDeath } = context;
  return superviseProcess({
    name: plan.name,
    launch: () =>
      launchService({
        plan,
        environment,
        projectRoot,
        logPath: logPathOf(dataDir, plan.name),
        echo: verbose ? (line) => report(`${plan.name} | ${line}`) : undefined,
      }),
    policy: createRestartPolicy(),
    onStart: (pid) => registry.record(plan.name, pid),
    onDeath,
  });
}

function logPathOf(dataDir: string, name: string): string {
  return join(dataDir, 'logs', `${name}.log`);
}

function describeDeath({ name, reason, uptimeMs, restartInMs }: ChildDeath, logPath: string): string {
  const uptime = (uptimeMs / 1000).toFixed(1);
  return `${name} ended (${reason}) after ${uptime} s; starting it again in ${restartInMs / 1000} s (log: ${logPath})`;
}

function hopeless({ name, reason }: ChildDeath, logPath: string): CliError {
  const tail = tailLog(logPath, 8).map((line) => `\n  ${line.slice(0, 500)}`);
  return new CliError(`${name} does not start (${reason}); its log (${logPath}) ends with:${tail.join('')}`);
}
