/**
 * Finds the system to evaluate: the one named by `--url` or TIMBRE_URL, else one that runs on this machine at its usual
 * port, else a temporary one on its own data folder, started as `timbre demo` does and gone afterwards.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../cli-error.js';
import type { Invocation } from '../invocation.js';
import { runLocalSystem, type LocalFlags } from '../local/run-local-system.js';
import { listenForStop } from '../local/stop-request.js';
import type { EvaluationSystem } from './evaluate-folder.js';
import { isServing } from './model-of-server.js';

export interface SystemFlags extends LocalFlags {
  url?: string;
}

type Work = (system: EvaluationSystem, signal: AbortSignal) => Promise<number>;

const INTERRUPTED = 130;
const READY_TIMEOUT_MS = 300_000;

/** @returns the exit code of `work`, or 130 when it was stopped. @throws CliError when a named server does not answer */
export async function withSystem(invocation: Invocation, flags: SystemFlags, work: Work): Promise<number> {
  const { environment, report } = invocation;
  const named = flags.url ?? environment['TIMBRE_URL'];
  if (named !== undefined && named !== '') {
    if (!(await isServing(requireUrl(named))))
      throw new CliError(`no Timbre answers at ${named}. Without --url and TIMBRE_URL a temporary one is started.`);
    return onRunningSystem(named, work);
  }
  const usual = `http://127.0.0.1:${environment['PORT'] ?? '8080'}`;
  // Flags of a local system ask for one.
  const wantsOwn = Object.values(flags).some((flag) => flag !== undefined);
  if (!wantsOwn && (await isServing(usual))) {
    report(`using the system that runs at ${usual} (TIMBRE_URL or --url names another)`);
    return onRunningSystem(usual, work);
  }
  return onTemporarySystem(invocation, flags, work);
}

async function onRunningSystem(url: string, work: Work): Promise<number> {
  const stop = listenForStop();
  try {
    return await work({ url, temporary: false, processor: null }, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    stop.dispose();
  }
}

/** With `--data-dir` the folder and its jobs stay; else they go when the evaluation ends. */
async function onTemporarySystem(invocation: Invocation, flags: SystemFlags, work: Work): Promise<number> {
  const own = flags.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'timbre-evaluate-')) : undefined;
  const processor = cpus()[0]?.model ?? null;
  const local: LocalFlags = { ...flags, ...(own === undefined ? {} : { dataDir: own }) };
  invocation.report('no running system found: starting a temporary one');
  try {
    return await runLocalSystem(invocation, {
      flags: local,
      searchPort: true,
      readyTimeoutMs: READY_TIMEOUT_MS,
      work: (system, signal) => work({ url: system.url, temporary: true, processor }, signal),
    });
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  }
}

function requireUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new CliError(`${text} is no address: it should look like http://127.0.0.1:8080`);
}
