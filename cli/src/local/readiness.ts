/** Waits until every process of a local system says it is ready, and tells the waiting person what is missing. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { ProcessPlan } from './local-plan.js';

const POLL_MS = 50;
const REPORT_EVERY_MS = 5000;
const REQUEST_TIMEOUT_MS = 5000;
const checksSchema = z.object({ checks: z.record(z.string(), z.string()) });

export interface ReadinessWait {
  signal: AbortSignal;
  report: (line: string) => void;
}

export async function waitUntilReady(
  targets: Pick<ProcessPlan, 'name' | 'readyUrl'>[],
  { signal, report }: ReadinessWait,
): Promise<void> {
  const missing = new Map(targets.map(({ name }) => [name, 'starting']));
  const pollOne = async ({ name, readyUrl }: Pick<ProcessPlan, 'name' | 'readyUrl'>): Promise<void> => {
    for (;;) {
      const reason = await whyNotReady(readyUrl, signal);
      signal.throwIfAborted();
      if (reason === undefined) return void missing.delete(name);
      missing.set(name, reason);
      await delay(POLL_MS, undefined, { signal });
    }
  };
  const reporter = setInterval(() => {
    report(`still starting: ${[...missing].map(([name, reason]) => `${name} (${reason})`).join(', ')}`);
  }, REPORT_EVERY_MS);
  try {
    await Promise.all(targets.map(pollOne));
  } catch (error) {
    // Timers reject with a plain AbortError; whoever waits wants the reason.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(reporter);
  }
}

async function whyNotReady(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]) });
    const body = await response.text();
    return response.status === 200 ? undefined : failedChecks(body, response.status);
  } catch {
    return 'not answering yet';
  }
}

function failedChecks(body: string, status: number): string {
  try {
    const { checks } = checksSchema.parse(JSON.parse(body));
    const failed = Object.entries(checks).filter(([, state]) => state !== 'ok');
    return failed.map(([check, state]) => `${check}: ${state}`).join(', ') || `HTTP ${status}`;
  } catch {
    return `HTTP ${status}`;
  }
}
