/** Tells running work that its job has ended elsewhere (canceled, expired). A hint: the commit refuses late results anyway. */
import type { Redis } from 'ioredis';
import { ledgerKeys } from './ledger-keys.js';

export interface CancelBus {
  /** A signal that aborts when the job ends elsewhere; call `done` when the work is over. */
  watch(jobId: string): { controller: AbortController; done: () => void };
  running(): string[];
  abort(jobId: string): void;
  /** Aborts everything that runs, for `reason`. */
  abortAll(reason: Error): void;
}

export async function createCancelBus(subscriber: Redis): Promise<CancelBus> {
  const controllers = new Map<string, Set<AbortController>>();
  const abort = (jobId: string): void => {
    for (const controller of controllers.get(jobId) ?? []) controller.abort(new Error('the job has ended'));
  };
  subscriber.on('message', (channel: string, jobId: string) => {
    if (channel === ledgerKeys.cancels) abort(jobId);
  });
  await subscriber.subscribe(ledgerKeys.cancels);
  return {
    watch(jobId) {
      const controller = new AbortController();
      const set = controllers.get(jobId) ?? new Set();
      controllers.set(jobId, set.add(controller));
      return {
        controller,
        done: () => {
          set.delete(controller);
          if (set.size === 0) controllers.delete(jobId);
        },
      };
    },
    abortAll(reason) {
      for (const set of controllers.values()) for (const controller of set) controller.abort(reason);
    },
    running: () => [...controllers.keys()],
    abort,
  };
}
