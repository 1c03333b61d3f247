/**
 * Live job events. Pub/sub is a hint: a message that was missed is made up for by reading the record again after every
 * reconnect and every `recheckMs`, so a waiting client always ends with the right answer.
 */
import type { Redis } from 'ioredis';
import { jobEventSchema, type JobEvent } from '../contracts/job.js';
import { ledgerKeys } from './ledger-keys.js';

export type JobListener = (event: JobEvent) => void;

export interface JobEvents {
  /**
   * Passes on what is published from now on, as soon as the subscription is in force; then calls `inForce`, because what
   * came earlier was missed. Never fails: where Redis does not let us subscribe, nothing is heard until another listener
   * of the job asks again. Returns the way to stop.
   */
  subscribe(jobId: string, listener: JobListener, inForce: () => void): () => void;
  /** Calls back after each reconnect, when messages may have been missed. */
  onReconnect(listener: () => void): () => void;
}

interface Channel {
  listeners: Set<JobListener>;
  /** Settles with the answer of Redis; absent after a refusal, so that the next listener asks again. */
  subscribed: Promise<unknown> | undefined;
}

export function createJobEvents(subscriber: Redis): JobEvents {
  const channels = new Map<string, Channel>();
  const reconnects = new Set<() => void>();
  let connectedBefore = false;

  const requireSubscribed = (name: string, channel: Channel): Promise<unknown> => {
    if (channel.subscribed) return channel.subscribed;
    const asked = subscriber.subscribe(name);
    channel.subscribed = asked;
    asked.catch(() => (channel.subscribed = undefined));
    return asked;
  };

  subscriber.on('message', (channel: string, message: string) => {
    const listeners = channels.get(channel)?.listeners;
    if (!listeners) return;
    const parsed = jobEventSchema.safeParse(JSON.parse(message));
    if (parsed.success) for (const listener of [...listeners]) listener(parsed.data);
  });
  subscriber.on('ready', () => {
    if (connectedBefore) for (const listener of reconnects) listener();
    connectedBefore = true;
  });

  return {
    subscribe(jobId, listener, inForce) {
      const name = ledgerKeys.events(jobId);
      const channel = channels.get(name) ?? { listeners: new Set(), subscribed: undefined };
      channel.listeners.add(listener);
      channels.set(name, channel);
      requireSubscribed(name, channel).then(inForce, () => undefined);
      return () => {
        channel.listeners.delete(listener);
        if (channel.listeners.size > 0 || channels.get(name) !== channel) return;
        channels.delete(name);
        subscriber.unsubscribe(name).catch(() => undefined);
      };
    },
    onReconnect(listener) {
      reconnects.add(listener);
      return () => reconnects.delete(listener);
    },
  };
}
