/**
 * Live job events. Pub/sub is a hint: a message that was missed is made up for by reading the record again after every
 * reconnect and every `recheckMs`, so a waiting client always ends with the right answer.
 */
import type { Redis } from 'ioredis';
import { jobEventSchema, type JobEvent } from '../contracts/job.js';
import { ledgerKeys } from './ledger-keys.js';

export type JobListener = (event: JobEvent) => void;

export interface JobEvents {
  /** Resolves when the subscription is in force; what is published after that reaches `listener`. */
  subscribe(jobId: string, listener: JobListener): Promise<() => void>;
  /** Calls back after each reconnect, when messages may have been missed. */
  onReconnect(listener: () => void): () => void;
}

export function createJobEvents(subscriber: Redis): JobEvents {
  const listeners = new Map<string, Set<JobListener>>();
  const reconnects = new Set<() => void>();
  let connectedBefore = false;

  subscriber.on('message', (channel: string, message: string) => {
    const set = listeners.get(channel);
    if (!set) return;
    const parsed = jobEventSchema.safeParse(JSON.parse(message));
    if (parsed.success) for (const listener of [...set]) listener(parsed.data);
  });
  subscriber.on('ready', () => {
    if (connectedBefore) for (const listener of reconnects) listener();
    connectedBefore = true;
  });

  return {
    async subscribe(jobId, listener) {
      const channel = ledgerKeys.events(jobId);
      const set = listeners.get(channel) ?? new Set();
      set.add(listener);
      listeners.set(channel, set);
      if (set.size === 1) await subscriber.subscribe(channel);
      return () => {
        set.delete(listener);
        if (set.size > 0 || listeners.get(channel) !== set) return;
        listeners.delete(channel);
        subscriber.unsubscribe(channel).catch(() => undefined);
      };
    },
    onReconnect(listener) {
      reconnects.add(listener);
      return () => reconnects.delete(listener);
    },
  };
}
