/**
 * The steps of a sweep. Each may be repeated, takes a bounded share of what is due, and treats every job on its own: one that
 * cannot be handled is logged and left for the next sweep, and stops nobody else.
 */
import type { Redis } from 'ioredis';
import { AppError } from '../errors.js';
import { isTerminal } from '../contracts/job.js';
import { childTraceparent } from '../observability/traceparent.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { jobPrefix, outcomeKey } from '../storage/job-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { forEachSafely } from './for-each-safely.js';
import { terminalView, type JobRecord } from './job-record.js';
import { ledgerKeys } from './ledger-keys.js';
import type { Ledger } from './ledger.js';
import { withRedisDeadline } from './redis-connection.js';
import type { TaskQueues } from './task-queues.js';

export interface KeeperDeps {
  redis: Redis;
  ledger: Ledger;
  queues: TaskQueues;
  store: ObjectStore;
  metrics: Metrics;
  log: Logger;
  recordSeconds: number;
  /** Seconds a tensor pack is kept. */
  tensorSeconds: number;
  /** Seconds a clip stored by its content is kept after it was last sent. */
  clipSeconds: number;
  now?: () => number;
}

const batch = 500;
/** A promised task is looked for this long after the promise, and again this long after it was found waiting. */
const promiseMs = 2000;
const lookAgainMs = 30_000;

export function createKeeperSteps(deps: KeeperDeps) {
  const { redis, ledger, queues, store, metrics, log, recordSeconds } = deps;
  const now = deps.now ?? Date.now;
  const due = (key: string, until: number) =>
    withRedisDeadline(redis.zrangebyscore(key, '-inf', until, 'LIMIT', 0, batch), 5000);
  const withRecords = async (ids: string[]): Promise<{ id: string; record: JobRecord | null }[]> => {
    const records = await ledger.readMany(ids);
    return ids.map((id, index) => ({ id, record: records[index] ?? null }));
  };

  const expireJob = async (record: JobRecord): Promise<boolean> => {
    const view = terminalView(record, { state: 'expired', error: new AppError('deadline_exceeded') }, now());
    if (!(await ledger.commit('expired', view, now() + recordSeconds * 1000))) return false;
    metrics.jobsFinished.inc({ lane: record.spec.lane, state: 'expired' });
    return true;
  };

  const enqueue = async ({ spec, stage, generation, deaths }: JobRecord): Promise<boolean> => {
    if (stage === undefined) return false;
    const place = { jobId: spec.id, stage, lane: spec.lane };
    const quarantine = deaths > 0;
    if (await queues.has(place, { generation, quarantine })) return false;
    const task = { ...place, v: 1 as const, traceparent: childTraceparent(spec.traceparent), enqueuedAtMs: now() };
    await queues.enqueue(task, { generation, quarantine });
    return true;
  };

  return {
    /** Adds tasks that were promised and are in no queue. */
    async requeue(): Promise<number> {
      const found = await withRecords(await due(ledgerKeys.outbox, now() - promiseMs));
      return forEachSafely(found, log, async ({ id, record }) => {
        const added = record !== null && !isTerminal(record.state) && (await enqueue(record));
        // XX: a task that has begun meanwhile left the outbox, and stays out.
        if (record && !isTerminal(record.state))
          await withRedisDeadline(redis.zadd(ledgerKeys.outbox, 'XX', now() + lookAgainMs, id));
        else await withRedisDeadline(redis.zrem(ledgerKeys.outbox, id));
        return added;
      });
    },

    /** Ends what passed its deadline. */
    async expire(): Promise<number> {
      const found = await withRecords(await due(ledgerKeys.deadlines, now()));
      return forEachSafely(found, log, async ({ id, record }) => {
        const ended = record !== null && !isTerminal(record.state) && (await expireJob(record));
        await withRedisDeadline(redis.zrem(ledgerKeys.deadlines, id));
        return ended;
      });
    },

    /** Copies finished records to the object store. */
    async archive(): Promise<number> {
      const found = await withRecords(await due(ledgerKeys.archive, now()));
      return forEachSafely(found, log, async ({ id, record }) => {
        if (record && !record.view) return false;
        if (record?.view)
          await store.put(outcomeKey(record.spec), Buffer.from(JSON.stringify(record.view)), {
            contentType: 'application/json',
            // Redis keeps the record for a day more.
            durability: 'volatile',
          });
        await withRedisDeadline(redis.zrem(ledgerKeys.archive, id));
        return record !== null;
      });
    },

    /** Records whose copy in the object store is made leave Redis; the tenant's index keeps their ids. */
    async forget(): Promise<number> {
      return forEachSafely(await due(ledgerKeys.forget, now()), log, async (id) => {
        if ((await withRedisDeadline(redis.zscore(ledgerKeys.archive, id))) !== null) return false;
        const transaction = redis.multi().del(ledgerKeys.job(id), ledgerKeys.log(id)).zrem(ledgerKeys.forget, id);
        await withRedisDeadline(transaction.exec());
        return true;
      });
    },

    /**
     * Deletes all data of jobs whose retention is over; one that has not ended ends first. Members are `<tenant>/<id>`, so
     * this works long after the record is gone.
     */
    async deleteExpired(): Promise<number> {
      return forEachSafely(await due(ledgerKeys.expiry, now()), log, async (member) => {
        const [tenant = '', id = ''] = member.split('/');
        const record = await ledger.read(id);
        if (record && !isTerminal(record.state)) await expireJob(record);
        await store.deletePrefix(jobPrefix({ tenant, id }));
        const transaction = redis.multi().zrem(ledgerKeys.tenantJobs(tenant), id).zrem(ledgerKeys.expiry, member);
        transaction.del(ledgerKeys.job(id), ledgerKeys.log(id));
        for (const key of ['live', 'outbox', 'deadlines', 'archive', 'forget'] as const)
          transaction.zrem(ledgerKeys[key], id);
        await withRedisDeadline(transaction.exec());
        return true;
      });
    },
  };
}
