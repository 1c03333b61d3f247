/**
 * Follows one job to its end. The channel says when to look; the ledger's log says what happened. A message that was lost
 * costs at most `recheckMs`.
 */
import type { JobEvent } from '@timbre/shared/contracts/job';
import { isTerminal } from '@timbre/shared/contracts/job';
import type { JobEvents } from '@timbre/shared/queue/job-events';
import type { Ledger } from '@timbre/shared/queue/ledger';

export interface WatchOptions {
  afterSeq: number;
  /** Gets each event once, in order; the last one is terminal and carries the job. */
  onEvent: (event: JobEvent) => void;
  signal: AbortSignal;
  recheckMs?: number;
}

export interface WatchDeps {
  ledger: Ledger;
  events: JobEvents;
}

/** Resolves `true` after the terminal event, `false` when the signal aborted first. */
export async function watchJob(id: string, { ledger, events }: WatchDeps, options: WatchOptions): Promise<boolean> {
  const { onEvent, signal, recheckMs = 2000 } = options;
  let seen = options.afterSeq;
  let wake: (() => void) | undefined;
  let stale = true;
  const inbox: JobEvent[] = [];
  const rouse = () => wake?.();
  const look = () => {
    stale = true;
    rouse();
  };

  const unsubscribe = await events.subscribe(id, (event) => {
    inbox.push(event);
    rouse();
  });
  const offReconnect = events.onReconnect(look);
  const timer = setInterval(look, recheckMs);
  signal.addEventListener('abort', rouse);

  const deliver = (event: JobEvent): boolean => {
    if (event.seq <= seen) return false;
    seen = event.seq;
    onEvent(event);
    return isTerminal(event.state);
  };
  /** Events the log has after the last one seen; the terminal one gets its job. */
  const catchUp = async (): Promise<boolean> => {
    const missed = await ledger.eventsAfter(id, seen);
    for (const event of missed) {
      const full = isTerminal(event.state) ? { ...event, job: (await ledger.read(id))?.view } : event;
      if (deliver(full)) return true;
    }
    return false;
  };

  try {
    while (!signal.aborted) {
      const next = inbox.shift();
      if (next) {
        if (next.seq <= seen) continue;
        if (next.seq === seen + 1 ? deliver(next) : await catchUp()) return true;
      } else if (stale) {
        stale = false;
        if (await catchUp()) return true;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    }
    return false;
  } finally {
    unsubscribe();
    offReconnect();
    clearInterval(timer);
    signal.removeEventListener('abort', rouse);
  }
}
