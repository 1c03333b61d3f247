/**
 * What is known about webhooks in Redis: what is due, how each delivery stands, its last attempts.
 *
 * States of a delivery: pending → delivered | failed (all tries used up) | disabled (the receiver said 410); a replay makes
 * it pending again. A pending one is due at a time; whoever claims it moves that time ahead by the lease, so it comes back by
 * itself when the claimer dies. The time is also the proof of the claim: who comes too late changes nothing.
 */
import type { DeliveryState, WebhookAttempt, WebhookDelivery } from '../contracts/webhook.js';
import { withRedisDeadline, type Redis } from '../queue/redis-connection.js';
import { webhookKeys, webhookMember } from './webhook-due.js';

interface Owner {
  tenant: string;
  /** Of the job or batch. */
  id: string;
}

export interface Claim extends Owner {
  /** When the claim runs out. */
  untilMs: number;
}

export interface AttemptRecord {
  webhookId: string;
  /** This one included. */
  tries: number;
  /** The first about this end: what is known is about an earlier one. */
  fresh: boolean;
  url: string;
  type: string;
  attempt: WebhookAttempt;
  state: DeliveryState;
  /** When to try again, for a pending delivery. */
  nextAtMs?: number | undefined;
}

export type WebhookLedger = ReturnType<typeof createWebhookLedger>;

/** A claimed delivery of a process that died is tried again after this. */
const leaseMs = 60_000;
const keptAttempts = 30;
/** Longer than the longest wait between two tries. */
const keepSeconds = 7 * 86_400;

/** KEYS: due. ARGV: now, until, count. */
const claimScript = `
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(members) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
return members
`;

/** KEYS: due. ARGV: member, until, next ('' ends it). Does nothing when the claim is no longer ours. */
const settleScript = `
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then redis.call('ZREM', KEYS[1], ARGV[1]) else redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1]) end
return 1
`;

/** @param endedAtMs for what can end more than once */
export const webhookIdOf = (subjectId: string, endedAtMs?: number) =>
  `msg_${subjectId}${endedAtMs === undefined ? '' : `-${endedAtMs.toString(36)}`}`;
export const subjectOf = (webhookId: string) => webhookId.slice('msg_'.length).split('-')[0] ?? '';

export function createWebhookLedger(redis: Redis, now: () => number = Date.now) {
  const settle = (claim: Claim, next: number | '') =>
    withRedisDeadline(redis.eval(settleScript, 1, webhookKeys.due, webhookMember(claim), claim.untilMs, next));

  return {
    /** Takes what is due, for the length of the lease. */
    async claim(count: number): Promise<Claim[]> {
      const untilMs = now() + leaseMs;
      const members = await withRedisDeadline(
        redis.eval(claimScript, 1, webhookKeys.due, now(), untilMs, count) as Promise<string[]>,
      );
      return members.map((member) => {
        const [tenant = '', id = ''] = member.split('/');
        return { tenant, id, untilMs };
      });
    },

    /** Puts a claimed one back without an attempt. */
    async defer(claim: Claim, atMs: number): Promise<void> {
      await settle(claim, atMs);
    },

    /** Ends a claimed one that has nobody to tell any more. */
    async drop(claim: Claim): Promise<void> {
      await settle(claim, '');
    },

    /** Attempts so far under this `webhook-id`. */
    async tries(id: string, webhookId: string): Promise<{ tries: number; fresh: boolean }> {
      const [known, tries] = await withRedisDeadline(redis.hmget(webhookKeys.delivery(id), 'webhookId', 'tries'));
      return known === webhookId ? { tries: Number(tries ?? 0), fresh: false } : { tries: 0, fresh: true };
    },

    /** Writes an attempt down; then, if the claim still holds, what follows from it. */
    async record(claim: Claim, { attempt, nextAtMs, fresh, tries, ...known }: AttemptRecord): Promise<void> {
      const [delivery, attempts] = [webhookKeys.delivery(claim.id), webhookKeys.attempts(claim.id)];
      const facts = { ...known, tenant: claim.tenant, tries: String(tries), nextAt: String(nextAtMs ?? '') };
      const written = redis.multi().hset(delivery, facts).expire(delivery, keepSeconds);
      if (fresh) written.del(attempts);
      written.rpush(attempts, JSON.stringify(attempt)).ltrim(attempts, -keptAttempts, -1).expire(attempts, keepSeconds);
      await withRedisDeadline(written.exec());
      await settle(claim, nextAtMs ?? '');
    },

    /** The delivery about a job or batch of the tenant, if any was tried. */
    async read(tenant: string, id: string): Promise<WebhookDelivery | undefined> {
      const [facts, attempts] = await withRedisDeadline(
        Promise.all([redis.hgetall(webhookKeys.delivery(id)), redis.lrange(webhookKeys.attempts(id), 0, -1)]),
      );
      if (facts['tenant'] !== tenant) return undefined;
      const nextAt = facts['nextAt'];
      return {
        id: facts['webhookId'] ?? '',
        subject: id,
        type: facts['type'] ?? '',
        url: facts['url'] ?? '',
        state: facts['state'] as DeliveryState,
        tries: Number(facts['tries'] ?? 0),
        ...(nextAt ? { nextAttemptAt: new Date(Number(nextAt)).toISOString() } : {}),
        attempts: attempts.map((entry) => JSON.parse(entry) as WebhookAttempt),
      };
    },

    /** Makes a delivery due now, with all its tries ahead. */
    async replay({ tenant, id }: Owner, known: { webhookId: string; url: string; type: string }): Promise<void> {
      const delivery = webhookKeys.delivery(id);
      const facts = { ...known, tenant, state: 'pending', tries: '0', nextAt: String(now()) };
      const written = redis.multi().hset(delivery, facts).expire(delivery, keepSeconds);
      await withRedisDeadline(written.zadd(webhookKeys.due, now(), webhookMember({ tenant, id })).exec());
    },

    /** Deliveries that are not settled. */
    due: () => withRedisDeadline(redis.zcard(webhookKeys.due)),
  };
}
