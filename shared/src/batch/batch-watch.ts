/**
 * Follows a batch. Messages are hints that something changed; the record is read again after each, at most twice a second,
 * and every two seconds without any, so nobody who waits misses the end.
 */
import { isBatchEnded } from '../contracts/batch.js';
import { isAborted } from '../queue/abortable.js';
import type { Redis } from '../queue/redis-connection.js';
import { batchRedisKeys } from './batch-redis-keys.js';
import type { BatchLedger } from './batch-ledger.js';
import type { BatchRecord } from './batch-record.js';

export interface BatchWatch {
  /**
   * Calls `onChange` with the record now, after changes, and at the end. Resolves at the end, when the signal aborts, or with
   * `gone` when the batch was deleted meanwhile.
   */
  follow(
    id: string,
    options: { signal: AbortSignal; afterRevision?: number; onChange: (record: BatchRecord) => void | Promise<void> },
  ): Promise<'ended' | 'aborted' | 'gone'>;
}

const leastMs = 500;
const recheckMs = 2000;

export function createBatchWatch(subscriber: Redis, batches: BatchLedger): BatchWatch {
  const listeners = new Map<string, Set<() => void>>();
  subscriber.on('message', (channel: string) => {
    for (const wake of listeners.get(channel) ?? []) wake();
  });

  const listen = (channel: string, wake: () => void): (() => void) => {
    const set = listeners.get(channel) ?? new Set();
    if (set.size === 0) subscriber.subscribe(channel).catch(() => undefined);
    listeners.set(channel, set.add(wake));
    return () => {
      set.delete(wake);
      if (set.size > 0 || listeners.get(channel) !== set) return;
      listeners.delete(channel);
      subscriber.unsubscribe(channel).catch(() => undefined);
    };
  };

  return {
    async follow(id, { signal, afterRevision = -1, onChange }) {
      let wake: () => void = () => undefined;
      const hint: { given: boolean } = { given: false };
      const onHint = (): void => {
        hint.given = true;
        wake();
      };
      const stop = listen(batchRedisKeys.events(id), onHint);
      signal.addEventListener('abort', onHint);
      let seen = afterRevision;
      try {
        while (!isAborted(signal)) {
          hint.given = false;
          const record = await batches.read(id);
          if (!record) return 'gone';
          const ended = isBatchEnded(record.state);
          // The end is told even to those who have seen it: who asks again must get it.
          if (record.revision > seen || ended) await onChange(record);
          seen = Math.max(seen, record.revision);
          if (ended) return 'ended';
          await pause(leastMs, signal);
          if (!wasGiven(hint))
            await Promise.race([pause(recheckMs, signal), new Promise<void>((resolve) => (wake = resolve))]);
        }
        return 'aborted';
      } finally {
        stop();
        signal.removeEventListener('abort', onHint);
      }
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Others set it meanwhile, which control flow analysis does not see. */
const wasGiven = (hint: { readonly given: boolean }): boolean => hint.given;
