/**
 * Follows one job to its end. The channel says when to look; the ledger's log says what happened, and the record that it is
 * over. A message that was lost costs at most `recheckMs`, and so does a Redis that does not answer: it ends no watch.
 */
import type { JobEvent } from '@timbre/shared/contracts/job';
import { isTerminal } from '@timbre/shared/contracts/job';
import { isAppError } from '@timbre/shared/errors';
import type { JobEvents } from '@timbre/shared/queue/job-events';
import type { Ledger } from '@timbre/shared/queue/ledger';

export interface WatchOptions {
  afterSeq: number;
  /** Gets each event once, in order; the last one is terminal and carries the job. */
  onEvent: (event: JobEvent) => void;
  signal: AbortSignal;
  /** Whether the job has been recorded; until then no record is not its end. Default: it has. */
  isRecorded?: () => boolean;
  recheckMs?: number;
}

export interface WatchDeps {
  ledger: Ledger;
  events: JobEvents;
}

/** Rechecks in a row that find no record before the job is gone: longer than the ledger needs to be rebuilt. */
const absencesUntilGone = 5;

/** Resolves `true` after the terminal event, `false` when the signal aborted first or the ledger has the job no more. */
export async function watchJob(id: string, { ledger, events }: WatchDeps, options: WatchOptions): Promise<boolean> {
  const { signal, recheckMs = 2000 } = options;
  const follow = createFollower(id, ledger, options);
  const inbox: JobEvent[] = [];
  let wake: (() => void) | undefined;
  let due = 'log' as 'log' | 'record' | undefined;
  const rouse = () => wake?.();
  const look = (at: 'log' | 'record') => {
    due = due === 'record' ? due : at;
    rouse();
  };

  const offReconnect = events.onReconnect(() => look('log'));
  const timer = setInterval(() => look('record'), recheckMs);
  signal.addEventListener('abort', rouse);
  const unsubscribe = events.subscribe(
    id,
    (event) => {
      inbox.push(event);
      rouse();
    },
    () => look('log'),
  );

  try {
    while (!signal.aborted) {
      const next = inbox.shift();
      const at = due;
      let end: End | undefined;
      if (next) {
        end = await unlessAway(follow.take(next));
      } else if (at) {
        due = undefined;
        end = await unlessAway(at === 'record' ? follow.recheck() : follow.catchUp());
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
      if (end) return end === 'told';
    }
    return false;
  } finally {
    unsubscribe();
    offReconnect();
    clearInterval(timer);
    signal.removeEventListener('abort', rouse);
  }
}

type End = 'told' | 'gone';

/** What a look found, or nothing while Redis does not answer: the next recheck makes up for it. */
async function unlessAway(look: Promise<End | undefined>): Promise<End | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isAppError(error) && error.code === 'dependency_unavailable') return undefined;
    throw error;
  }
}

/** Tells the events of one job, each once; every look answers how the watch ends, if it does. */
function createFollower(id: string, ledger: Ledger, { afterSeq, onEvent, isRecorded = () => true }: WatchOptions) {
  let seen = afterSeq;
  let absences = 0;

  const deliver = (event: JobEvent): End | undefined => {
    if (event.seq <= seen) return undefined;
    seen = event.seq;
    onEvent(event);
    return isTerminal(event.state) ? 'told' : undefined;
  };
  /** Events the log has after the last one seen; the terminal one gets its job. */
  const catchUp = async (): Promise<End | undefined> => {
    const missed = await ledger.eventsAfter(id, seen);
    for (const event of missed) {
      const full = isTerminal(event.state) ? { ...event, job: (await ledger.read(id))?.view } : event;
      const end = deliver(full);
      if (end) return end;
    }
    return undefined;
  };

  return {
    catchUp,
    async take(event: JobEvent): Promise<End | undefined> {
      // The log can be behind what was seen: Redis was emptied and it began anew, or the client named too high a number.
      if (event.seq <= seen) return isTerminal(event.state) ? deliver({ ...event, seq: seen + 1 }) : undefined;
      return event.seq === seen + 1 ? deliver(event) : catchUp();
    },
    async recheck(): Promise<End | undefined> {
      const end = await catchUp();
      if (end) return end;
      const record = await ledger.read(id);
      absences = record || !isRecorded() ? 0 : absences + 1;
      if (record?.view && isTerminal(record.state))
        return deliver({ seq: seen + 1, atMs: endedAtMs(record.view), state: record.state, job: record.view });
      return absences >= absencesUntilGone ? 'gone' : undefined;
    },
  };
}

const endedAtMs = ({ finishedAt, createdAt }: { finishedAt?: string | undefined; createdAt: string }) =>
  Date.parse(finishedAt ?? createdAt);
