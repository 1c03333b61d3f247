/**
 * The keeper: what must happen to jobs without anybody asking. Each sweep adds tasks that were promised and not delivered,
 * expires what passed its deadline, copies finished records to the object store, forgets and deletes what is past its time,
 * and rebuilds the ledger from the object store when Redis has lost it. Any gateway may run it; a lease picks one at a time,
 * and every step may be repeated.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { AppError } from '../errors.js';
import { isTerminal, jobSpecSchema, type JobSpec } from '../contracts/job.js';
import { childTraceparent } from '../observability/traceparent.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { audioKey, jobPrefix, outcomeKey } from '../storage/job-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ledgerKeys } from './ledger-keys.js';
import { terminalView, type JobRecord } from './job-record.js';
import type { Ledger } from './ledger.js';
import type { TaskQueues } from './task-queues.js';
import { withRedisDeadline } from './redis-connection.js';

export interface KeeperDeps {
  redis: Redis;
  ledger: Ledger;
  queues: TaskQueues;
  store: ObjectStore;
  metrics: Metrics;
  log: Logger;
  recordSeconds: number;
  now?: () => number;
}

export interface SweepReport {
  requeued: number;
  expired: number;
  archived: number;
  forgotten: number;
  deleted: number;
  rebuilt: number;
}

/** A keeper that died is replaced after this long; every step of a sweep renews it. */
const leaseMs = 10_000;
const batch = 500;
/** A promised task is looked for this long after the promise, and again this long after it was found waiting. */
const promiseMs = 2000;
const lookAgainMs = 30_000;

export type Keeper = ReturnType<typeof createKeeper>;

export function createKeeper(deps: KeeperDeps) {
  const { redis, ledger, queues, store, metrics, log, recordSeconds } = deps;
  const now = deps.now ?? Date.now;
  const me = randomUUID();
  const due = (key: string, until: number) =>
    withRedisDeadline(redis.zrangebyscore(key, '-inf', until, 'LIMIT', 0, batch), 5000);

  const enqueue = async ({ spec, stage, generation, deaths }: JobRecord): Promise<boolean> => {
    if (stage === undefined) return false;
    const place = { jobId: spec.id, stage, lane: spec.lane };
    const quarantine = deaths > 0;
    if (await queues.has(place, { generation, quarantine })) return false;
    const task = { ...place, v: 1 as const, traceparent: childTraceparent(spec.traceparent), enqueuedAtMs: now() };
    await queues.enqueue(task, { generation, quarantine });
    return true;
  };

  const requeue = async (): Promise<number> => {
    const ids = await due(ledgerKeys.outbox, now() - promiseMs);
    const records = await ledger.readMany(ids);
    let added = 0;
    for (const [index, id] of ids.entries()) {
      const record = records[index];
      if (record && !isTerminal(record.state)) {
        if (await enqueue(record)) added += 1;
        // XX: a task that has begun meanwhile left the outbox, and stays out.
        await withRedisDeadline(redis.zadd(ledgerKeys.outbox, 'XX', now() + lookAgainMs, id));
      } else {
        await withRedisDeadline(redis.zrem(ledgerKeys.outbox, id));
      }
    }
    return added;
  };

  const expire = async (): Promise<number> => {
    const ids = await due(ledgerKeys.deadlines, now());
    let expired = 0;
    for (const record of await ledger.readMany(ids)) {
      if (!record || isTerminal(record.state)) continue;
      const view = terminalView(record, { state: 'expired', error: new AppError('deadline_exceeded') }, now());
      if (!(await ledger.commit(record.spec.id, 'expired', view, now() + recordSeconds * 1000))) continue;
      metrics.jobsFinished.inc({ lane: record.spec.lane, state: 'expired' });
      expired += 1;
    }
    if (ids.length > 0) await withRedisDeadline(redis.zrem(ledgerKeys.deadlines, ...ids));
    return expired;
  };

  const archive = async (): Promise<number> => {
    const ids = await due(ledgerKeys.archive, now());
    let archived = 0;
    for (const record of await ledger.readMany(ids)) {
      if (!record?.view) continue;
      await store.put(outcomeKey(record.spec), Buffer.from(JSON.stringify(record.view)), {
        contentType: 'application/json',
        // Redis keeps the record for a day more.
        durability: 'volatile',
      });
      archived += 1;
      await withRedisDeadline(redis.zrem(ledgerKeys.archive, record.spec.id));
    }
    return archived;
  };

  /** Records whose copy in the object store is made leave Redis; the tenant's index keeps their ids. */
  const forget = async (): Promise<number> => {
    const ids = await due(ledgerKeys.forget, now());
    let forgotten = 0;
    for (const id of ids) {
      if ((await withRedisDeadline(redis.zscore(ledgerKeys.archive, id))) !== null) continue;
      await withRedisDeadline(
        redis.multi().del(ledgerKeys.job(id), ledgerKeys.log(id)).zrem(ledgerKeys.forget, id).exec(),
      );
      forgotten += 1;
    }
    return forgotten;
  };

  /** Members of the expiry set are `<tenant>/<id>`, so data can be deleted long after the record is gone. */
  const deleteExpired = async (): Promise<number> => {
    const members = await due(ledgerKeys.expiry, now());
    for (const member of members) {
      const [tenant = '', id = ''] = member.split('/');
      const record = await ledger.read(id);
      if (record && record.spec.source.key !== audioKey(record.spec)) await store.delete(record.spec.source.key);
      await store.deletePrefix(jobPrefix({ tenant, id }));
      const transaction = redis.multi().zrem(ledgerKeys.tenantJobs(tenant), id).zrem(ledgerKeys.expiry, member);
      await withRedisDeadline(
        transaction.del(ledgerKeys.job(id), ledgerKeys.log(id)).zrem(ledgerKeys.forget, id).exec(),
      );
    }
    return members.length;
  };

  /** Rebuilds the ledger from the object store when Redis came back empty. */
  const rebuild = async (): Promise<number> => {
    const epoch = await withRedisDeadline(redis.get(ledgerKeys.epoch));
    if (epoch !== null) return 0;
    let rebuilt = 0;
    let files: { id: string; names: Set<string>; submission: string } | undefined;
    const flush = async (): Promise<void> => {
      if (files?.names.has('submission.json') && (await restore(files.submission, files.names))) rebuilt += 1;
      files = undefined;
    };
    for await (const { key } of store.list('jobs/')) {
      const [, , id = '', name = ''] = key.split('/');
      if (files?.id !== id) await flush();
      files ??= { id, names: new Set(), submission: '' };
      files.names.add(name);
      if (name === 'submission.json') files.submission = key;
    }
    await flush();
    await withRedisDeadline(redis.set(ledgerKeys.epoch, new Date(now()).toISOString()));
    if (rebuilt > 0) log.warn({ rebuilt }, 'ledger rebuilt from the object store');
    return rebuilt;
  };

  /** A job without an outcome is queued again; one with an outcome only regains its place in lists and retention. */
  const restore = async (submission: string, names: Set<string>): Promise<boolean> => {
    const spec: JobSpec = jobSpecSchema.parse(JSON.parse((await store.readAll(submission)).toString('utf8')));
    if (names.has('outcome.json')) {
      const transaction = redis.multi().zadd(ledgerKeys.tenantJobs(spec.tenant), spec.createdAtMs, spec.id);
      await withRedisDeadline(
        transaction.zadd(ledgerKeys.expiry, spec.expiresAtMs, `${spec.tenant}/${spec.id}`).exec(),
      );
      return false;
    }
    await ledger.submit(spec, { maxLive: Number.MAX_SAFE_INTEGER });
    return true;
  };

  return {
    /** One sweep, if this process gets the lease; `undefined` otherwise. */
    async sweep(): Promise<SweepReport | undefined> {
      const holder = await withRedisDeadline(
        redis
          .set('timbre:keeper', me, 'PX', leaseMs, 'NX')
          .then(async (got) => got ?? (await redis.get('timbre:keeper'))),
      );
      if (holder !== 'OK' && holder !== me) return undefined;
      const step = async (work: () => Promise<number>): Promise<number> => {
        await withRedisDeadline(redis.pexpire('timbre:keeper', leaseMs));
        return work();
      };
      return {
        rebuilt: await step(rebuild),
        requeued: await step(requeue),
        expired: await step(expire),
        archived: await step(archive),
        forgotten: await step(forget),
        deleted: await step(deleteExpired),
      };
    },
    async release(): Promise<void> {
      if ((await redis.get('timbre:keeper')) === me) await redis.del('timbre:keeper');
    },
  };
}
