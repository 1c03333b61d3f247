/** Decides which processes a local system runs, with which ports and environment. Starts nothing. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LocalConfig } from '@timbre/shared/config/schemas';
import type { Environment } from '@timbre/shared/config/load-config';
import { CliError } from '../cli-error.js';
import { claimFreePort, claimPort, type PortSearch } from './ports.js';

export interface ProcessPlan {
  /** `gateway`, `preprocess-1`, `worker-2`: the name in messages and of the log file. */
  name: string;
  script: string;
  environment: Record<string, string>;
  /** Answers 200 when the process can do its work. */
  readyUrl: string;
  metricsUrl: string;
}

export interface LocalPlan {
  /** Where clients reach the gateway. */
  url: string;
  /** Admin listener of the gateway. */
  adminUrl: string;
  processes: ProcessPlan[];
}

export interface PlanOptions {
  config: LocalConfig;
  projectRoot: string;
  redisUrl: string;
  /** Absolute. */
  dataDir: string;
  modelsUrl: string;
  /** Take the next free port instead of failing when PORT is taken. */
  searchPort: boolean;
}

export async function planProcesses(options: PlanOptions): Promise<LocalPlan> {
  const { config } = options;
  const search: PortSearch = { host: config.HOST, taken: new Set() };
  const adminSearch: PortSearch = { host: config.ADMIN_HOST, taken: search.taken };
  const port = await choosePort(options, search);
  const adminPort = await (config.ADMIN_PORT
    ? claimPort(config.ADMIN_PORT, 'ADMIN_PORT', adminSearch)
    : claimFreePort(port + 1, adminSearch));
  const url = `http://${reachableHost(config.HOST)}:${port}`;
  const adminOrigin = (number: number) => `http://${reachableHost(config.ADMIN_HOST)}:${number}`;
  const shared = sharedEnvironment(options);
  const processes: ProcessPlan[] = [
    {
      name: 'gateway',
      script: requireScript(options.projectRoot, 'gateway'),
      environment: { ...shared, PORT: String(port), ADMIN_PORT: String(adminPort) },
      readyUrl: `${url}/readyz`,
      metricsUrl: `${adminOrigin(adminPort)}/metrics`,
    },
  ];
  for (const [service, index] of stages(config)) {
    const stagePort = await claimFreePort(adminPort + 1, adminSearch);
    processes.push({
      name: `${service}-${index}`,
      script: requireScript(options.projectRoot, service),
      environment: { ...shared, ADMIN_PORT: String(stagePort) },
      readyUrl: `${adminOrigin(stagePort)}/readyz`,
      metricsUrl: `${adminOrigin(stagePort)}/metrics`,
    });
  }
  return { url, adminUrl: adminOrigin(adminPort), processes };
}

async function choosePort({ config, searchPort }: PlanOptions, search: PortSearch): Promise<number> {
  if (config.PORT === 0) return claimFreePort(8080, search);
  return searchPort ? claimFreePort(config.PORT, search) : claimPort(config.PORT, 'PORT or --port', search);
}

function stages(config: LocalConfig): [service: 'preprocess' | 'worker', index: number][] {
  const numbered = <S>(service: S, count: number) =>
    Array.from({ length: count }, (_, i): [S, number] => [service, i + 1]);
  return [
    ...numbered('preprocess' as const, config.PREPROCESS_PROCESSES),
    ...numbered('worker' as const, config.WORKER_PROCESSES),
  ];
}

function sharedEnvironment({ config, dataDir, redisUrl, modelsUrl }: PlanOptions): Record<string, string> {
  return {
    HOST: config.HOST,
    ADMIN_HOST: config.ADMIN_HOST,
    DATA_DIR: dataDir,
    REDIS_URL: redisUrl,
    MODELS_URL: modelsUrl,
    DRAIN_TIMEOUT_MS: String(config.DRAIN_TIMEOUT_MS),
  };
}

/** @throws CliError when it was not built */
function requireScript(projectRoot: string, service: string): string {
  const script = join(projectRoot, 'services', service, 'dist', 'main.js');
  if (!existsSync(script)) throw new CliError(`${script} is missing: build first with \`npm run build\``);
  return script;
}

/** An address to connect to, for one to listen on. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** Folders named in the environment are meant from where the command was given, while services run in the project. */
export function resolveModelsUrl(
  environment: Environment,
  { projectRoot, from }: { projectRoot: string; from: string },
) {
  const given = environment['MODELS_URL'];
  if (!given) return join(projectRoot, 'models');
  return /^[a-z][a-z0-9+.-]*:/i.test(given) ? given : resolve(from, given);
}
