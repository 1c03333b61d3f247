/** Whether the running system does what it is there for, from its front door to an answer. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { TimbreApiError, type ServiceReadiness, type TimbreClient } from '@timbre/client';
import { explain } from '../remote/session.js';
import { formatSeconds } from '../terminal/quantities.js';
import { fail, ok, warn, type Check, type CheckResult } from './check.js';

export interface SystemChecks {
  client: Pick<TimbreClient, 'system' | 'models' | 'batches' | 'classify'>;
  url: string;
  /** Of this command. */
  version: string;
  /** A clip and what it is. */
  sample: { path: string; label: string };
  signal: AbortSignal;
  now?: () => number;
}

const SKEW_WARN_SECONDS = 5;
const SAMPLE_TIMEOUT_MS = 60_000;

/** The first check tells whether asking on makes sense. */
export function reachCheck(
  { client, url, signal, now = Date.now }: SystemChecks,
  onAnswer: (answer: ServiceReadiness) => void,
): Check {
  return {
    name: 'gateway',
    async run() {
      const beganAtMs = now();
      try {
        const answer = await client.system.ready({ signal });
        onAnswer(answer);
        return [ok(`answers at ${url} in ${Math.round(now() - beganAtMs)} ms`)];
      } catch (error) {
        const known = explain(error, url);
        return [
          fail(
            known instanceof Error ? (known.message.split('. ')[0] ?? '') : String(known),
            'start it with `timbre start`, or name another with --url or TIMBRE_URL',
          ),
        ];
      }
    },
  };
}

export function systemChecks(options: SystemChecks, answer: ServiceReadiness): Check[] {
  const { client, version, signal, now = Date.now } = options;
  return [
    { name: 'ready', run: () => Promise.resolve(judgeReadiness(answer)) },
    { name: 'clock', run: () => Promise.resolve([judgeClock(answer.dateMs, now())]) },
    { name: 'version', run: async () => [judgeVersion(await client.system.version({ signal }), version)] },
    { name: 'key', run: async () => [await checkKey(options)] },
    { name: 'model', run: async () => [await checkModel(options)] },
    { name: 'sample', run: async () => [await checkSample(options)] },
  ];
}

export function judgeReadiness({ ready, checks }: ServiceReadiness): CheckResult[] {
  const failing = Object.entries(checks).filter(([, state]) => state !== 'ok');
  if (ready && failing.length === 0) return [ok(Object.keys(checks).join(', '))];
  return failing.map(([name, reason]) => fail(`${name}: ${reason}`, remedies[name] ?? 'see the log of the gateway'));
}

const remedies: Record<string, string> = {
  redis: 'is Redis running, and is REDIS_URL right?',
  objectStore: 'check OBJECT_STORE_URL, or the rights and space of DATA_DIR',
  models: 'check MODELS_URL and the model.json it names',
  eventLoop: 'the gateway is overloaded: run more of them',
  process: 'it is shutting down: wait for the next one',
};

/** The `Date` header is cut to seconds, so up to one more means nothing. */
export function judgeClock(serviceMs: number | undefined, hereMs: number): CheckResult {
  if (serviceMs === undefined) return warn('the answer has no date', 'does a proxy take it away?');
  const skewSeconds = (hereMs - serviceMs - 500) / 1000;
  const detail = `${Math.abs(skewSeconds).toFixed(1)} s apart from the system's`;
  if (Math.abs(skewSeconds) <= SKEW_WARN_SECONDS) return ok(detail);
  return warn(detail, 'set the clocks (NTP): signed addresses and webhooks depend on them');
}

export function judgeVersion(service: string, here: string): CheckResult {
  if (service === here) return ok(service);
  return warn(`the system is ${service}, this command ${here}`, 'use the same version on both sides');
}

async function checkKey({ client, signal }: SystemChecks): Promise<CheckResult> {
  try {
    await client.batches.list({ limit: 1 }, { signal });
    return ok('accepted');
  } catch (error) {
    if (error instanceof TimbreApiError && (error.status === 401 || error.status === 403))
      return fail(
        `${error.code}: ${error.message}`,
        'give a key with --key or TIMBRE_KEY; `timbre keys create` makes one',
      );
    throw error;
  }
}

async function checkModel({ client, signal }: SystemChecks): Promise<CheckResult> {
  const models = await client.models.list({ signal });
  const byDefault = models.find(({ isDefault }) => isDefault);
  if (!byDefault) return fail('there is none', 'put a model folder where MODELS_URL points');
  return ok(`${byDefault.id} ${byDefault.version} (${models.length} in all): ${byDefault.labels.join(', ')}`);
}

async function checkSample({ client, sample, signal, now = Date.now }: SystemChecks): Promise<CheckResult> {
  const name = basename(sample.path);
  const content = new Blob([new Uint8Array(await readFile(sample.path))]);
  const beganAtMs = now();
  const timeout = AbortSignal.timeout(SAMPLE_TIMEOUT_MS);
  const job = await client
    .classify({ name, content }, { signal: AbortSignal.any([signal, timeout]) })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (timeout.aborted) return undefined;
      throw error;
    });
  if (!job) return fail(`${name}: no result in ${SAMPLE_TIMEOUT_MS / 1000} s`, 'do preprocess and worker run?');
  const seconds = formatSeconds((now() - beganAtMs) / 1000);
  if (!job.result)
    return fail(`${name}: ${job.error?.code ?? job.state}`, job.error?.detail ?? 'see the log of the worker');
  const { decision, label, confidence } = job.result;
  const heard = decision === 'label' ? (label ?? '') : decision;
  const detail = `${name} is ${heard} (${confidence.toFixed(2)}), answered in ${seconds}`;
  return heard === sample.label
    ? ok(detail)
    : warn(
        `${detail}, but should be ${sample.label}`,
        'does the default model know this instrument? `timbre models` tells',
      );
}
