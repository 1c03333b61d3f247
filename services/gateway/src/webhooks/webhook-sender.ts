/**
 * Delivers what is due. Every gateway runs one and claims its share, so none is in charge and any may die: a claim runs out
 * and another takes the delivery, under the same `webhook-id`. At least once, then; a receiver tells repeats by the id.
 *
 * States: running → stopping (claims nothing new, waits for what is under way) → stopped.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createThrottledLog, type Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Claim, WebhookLedger } from '@timbre/shared/webhooks/webhook-ledger';
import { createPlaces } from './places.js';
import type { SendWebhook } from './send-webhook.js';
import { webhookBody } from './webhook-message.js';
import type { NextWait } from './webhook-schedule.js';
import type { ReadSubject, SubjectAnswer } from './webhook-subjects.js';

export interface WebhookSenderDeps {
  webhooks: WebhookLedger;
  readSubject: ReadSubject;
  send: SendWebhook;
  nextWait: NextWait;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  random?: () => number;
  /** Called between steps; tests end the process there. */
  failpoint?: (point: string) => void;
}

export interface WebhookSender {
  stop(): Promise<void>;
}

const lookEveryMs = 500;
const claimedAtOnce = 64;
const claimedInAll = 8192;
/** Of one tenant at one host. */
const placesOfHost = { running: 8, waiting: 256, waitingInAll: 4096 };
/** What is left of a claim must outlast an attempt. Who stood in line for longer lets it run out, and it is claimed anew. */
const attemptMs = 20_000;
/** Where a line is full: long enough that a host with a long backlog does not keep us busy with looking. */
const crowdedMs = { least: 1000, spread: 30_000 };
const unfinishedMs = 2000;

type Ended = Extract<SubjectAnswer, { kind: 'ended' }>;

export function startWebhookSender(deps: WebhookSenderDeps): WebhookSender {
  const { webhooks, metrics, log } = deps;
  const counters = webhookMetrics(metrics, webhooks);
  const places = createPlaces(placesOfHost);
  const busy = new Set<Promise<void>>();
  const report = createThrottledLog((suppressed, message) => log.warn({ message, suppressed }, 'webhooks'), 5000);
  const failed = (error: unknown): void => report(error instanceof Error ? error.message : String(error));
  const stopping = new AbortController();

  const handle = (claim: Claim): void => {
    const work = deliver(claim, deps, { places, counters }).catch(failed);
    busy.add(work);
    void work.finally(() => busy.delete(work));
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let claims: Claim[] = [];
      const room = Math.min(claimedAtOnce, claimedInAll - busy.size);
      try {
        if (room > 0) claims = await webhooks.claim(room);
      } catch (error) {
        failed(error);
      }
      for (const claim of claims) handle(claim);
      // As long as there is more than could be claimed at once, only a turn of the event loop lies between.
      const pause = claims.length > 0 && claims.length === room ? 1 : lookEveryMs;
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(busy);
    },
  };
}

type Counters = ReturnType<typeof webhookMetrics>;

function webhookMetrics(metrics: Metrics, webhooks: WebhookLedger) {
  const due = metrics.gauge('webhooks_due', 'Webhooks that are not delivered yet.', [], async () => {
    due.set(await webhooks.due());
  });
  return {
    deliveries: metrics.counter('webhook_deliveries_total', 'Attempts to deliver webhooks, by outcome.', ['outcome']),
    seconds: metrics.histogram('webhook_attempt_duration_seconds', 'One attempt to deliver a webhook.', ['outcome']),
  };
}

async function deliver(
  claim: Claim,
  deps: WebhookSenderDeps,
  { places, counters }: { places: ReturnType<typeof createPlaces>; counters: Counters },
): Promise<void> {
  const { webhooks, readSubject, now = Date.now, random = Math.random } = deps;
  const subject = await readSubject(claim);
  if (subject.kind === 'gone') return webhooks.drop(claim);
  if (subject.kind === 'unfinished') return webhooks.defer(claim, now() + unfinishedMs);
  const host = `${claim.tenant} ${new URL(subject.webhookUrl).host}`;
  const sent = places.take(host, () => attempt(claim, subject, deps, counters));
  await (sent ?? webhooks.defer(claim, now() + crowdedMs.least + random() * crowdedMs.spread));
}

async function attempt(
  claim: Claim,
  { webhookUrl, webhookId, message }: Ended,
  deps: WebhookSenderDeps,
  counters: Counters,
): Promise<void> {
  const { webhooks, send, nextWait, now = Date.now } = deps;
  const { tenant, id } = claim;
  if (now() > claim.untilMs - attemptMs) return;
  deps.failpoint?.('webhook-claimed');
  const result = await send({ tenant, url: webhookUrl, id: webhookId, body: webhookBody(message) });
  deps.failpoint?.('webhook-sent');
  const before = await webhooks.tries(id, webhookId);
  const tries = before.tries + 1;
  const wait = result.verdict === 'refused' ? nextWait(tries, result.retryAfterSeconds) : undefined;
  const state = result.verdict === 'refused' ? (wait === undefined ? 'failed' : 'pending') : result.verdict;
  await webhooks.record(claim, {
    webhookId,
    tries,
    fresh: before.fresh,
    url: webhookUrl,
    type: message.type,
    attempt: result.attempt,
    state,
    nextAtMs: wait === undefined ? undefined : Math.round(now() + wait),
  });
  const outcome = state === 'pending' ? 'retried' : state;
  counters.deliveries.inc({ outcome });
  counters.seconds.observe({ outcome }, result.attempt.durationSeconds);
}
