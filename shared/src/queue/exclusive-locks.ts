/**
 * Locks that one holder at a time has, over all processes, and that a newcomer may ask to be given up. A holder that died is
 * succeeded when its lock runs out; one that lives hears of the newcomer at once by pub/sub, at the latest when it renews.
 *
 * States of a lock: free → held → (wanted by another) → given back by its holder, or run out. Losing it aborts its signal; a
 * holder that was frozen may go on for a moment after another has it, so what it guards must bear that.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { withRedisDeadline, type Redis } from './redis-connection.js';

export interface HeldLock {
  /** Aborts when somebody else wants the lock, or has it: end the work and release. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

export interface ExclusiveLocks {
  /** The lock, or `undefined` when its holder did not let go of it in time. */
  acquire(name: string, options?: { waitMs?: number; signal?: AbortSignal }): Promise<HeldLock | undefined>;
}

const ttlMs = 6000;
const renewMs = 2000;
const askEveryMs = 100;
/** Longer than a dead holder's lock lasts. */
const defaultWaitMs = 10_000;
const channel = 'timbre:lock-wanted';
const keyOf = (name: string) => `timbre:lock:${name}`;
const wantedKeyOf = (name: string) => `timbre:lock-wanted:${name}`;

/** KEYS: lock, wanted. ARGV: token, ttl. `lost`, or the token of who wants it, or nothing. */
const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('GET', KEYS[2]) or ''
`;
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

interface Holding {
  token: string;
  controller: AbortController;
}

export function createExclusiveLocks(redis: Redis, subscriber: Redis): ExclusiveLocks {
  const held = new Map<string, Holding>();
  subscriber.on('message', (from: string, message: string) => {
    if (from !== channel) return;
    const [name = '', token] = message.split(' ');
    const holding = held.get(name);
    if (holding && holding.token !== token) holding.controller.abort(new Error('another request wants the lock'));
  });
  // Without it the renewal still notices, only later.
  subscriber.subscribe(channel).catch(() => undefined);

  const hold = (name: string, token: string): HeldLock => {
    const controller = new AbortController();
    const holding = { token, controller };
    held.set(name, holding);
    let renewedAt = performance.now();
    const renew = async (): Promise<void> => {
      try {
        const answer = await withRedisDeadline(
          redis.eval(renewScript, 2, keyOf(name), wantedKeyOf(name), token, ttlMs) as Promise<string>,
        );
        if (answer === 'lost') controller.abort(new Error('the lock was lost'));
        else if (answer !== '' && answer !== token) controller.abort(new Error('another request wants the lock'));
        renewedAt = performance.now();
      } catch {
        if (performance.now() - renewedAt > ttlMs - renewMs)
          controller.abort(new Error('the lock could not be renewed'));
      }
    };
    const timer = setInterval(() => void renew(), renewMs);
    return {
      signal: controller.signal,
      async release() {
        clearInterval(timer);
        if (held.get(name) === holding) held.delete(name);
        // One that cannot be given back runs out.
        await withRedisDeadline(redis.eval(releaseScript, 1, keyOf(name), token)).catch(() => undefined);
      },
    };
  };

  return {
    async acquire(name, { waitMs = defaultWaitMs, signal } = {}) {
      const token = randomUUID();
      const until = performance.now() + waitMs;
      for (;;) {
        signal?.throwIfAborted();
        const taken = await withRedisDeadline(redis.set(keyOf(name), token, 'PX', ttlMs, 'NX'));
        if (taken === 'OK') return hold(name, token);
        if (performance.now() >= until) return undefined;
        const asked = redis.multi().set(wantedKeyOf(name), token, 'PX', renewMs).publish(channel, `${name} ${token}`);
        await withRedisDeadline(asked.exec());
        await delay(askEveryMs);
      }
    },
  };
}
