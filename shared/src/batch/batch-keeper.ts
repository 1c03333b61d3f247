/** What must happen to batches without anybody asking: steps of the keeper's sweep. */
import { isAppError } from '../errors.js';
import { isBatchEnded, type BatchSpec } from '../contracts/batch.js';
import type { Logger } from '../observability/logger.js';
import { childTraceparent } from '../observability/traceparent.js';
import { forEachSafely } from '../queue/for-each-safely.js';
import { ledgerKeys } from '../queue/ledger-keys.js';
import { withRedisDeadline, type Redis } from '../queue/redis-connection.js';
import type { TaskQueues } from '../queue/task-queues.js';
import { batchAudioPrefix, batchOutcomeKey, batchPrefix, batchTensorsPrefix } from '../storage/batch-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { reuseSpace, uploadOf, type BatchLedger } from './batch-ledger.js';
import { batchRedisKeys } from './batch-redis-keys.js';
import { batchViewOf, type BatchRecord } from './batch-record.js';
import { jobError } from '../queue/job-record.js';
import { isManifestLost, sliceTask, type SliceDirectory } from './slice-directory.js';

export interface BatchKeeperDeps {
  redis: Redis;
  batches: BatchLedger;
  queues: TaskQueues;
  directory: SliceDirectory;
  store: ObjectStore;
  log: Logger;
  now: () => number;
}

const atOnce = 200;
/** A slice handed out that is in no queue after this long gets its task again. */
const promiseMs = 15_000;
const lookAgainMs = 30_000;
/** Attempts of a canceled batch that have not answered by then never will. */
const cancelMs = 30_000;

export function createBatchKeeperSteps(deps: BatchKeeperDeps) {
  const { redis, batches, queues, directory, store, log, now } = deps;
  const due = (key: string, until: number) =>
    withRedisDeadline(redis.zrangebyscore(key, '-inf', until, 'LIMIT', 0, atOnce), 5000);
  const each = <T>(found: readonly T[], work: (one: T) => Promise<boolean>) => forEachSafely(found, log, work);

  const requeueSlices = async ({ spec, round }: BatchRecord): Promise<number> => {
    const idle = (await batches.inFlight(spec.id)).filter(
      ({ atWork, sinceMs }) => !atWork && sinceMs < now() - promiseMs,
    );
    return each(idle, async ({ slice, stage, generation, deaths }) => {
      const found = await directory.find(spec, slice).catch(async (error: unknown) => {
        if (isAppError(error) && isManifestLost(error)) await batches.giveUp(spec.id, jobError(error));
        throw error;
      });
      const task = sliceTask(spec, found, { stage, round, nowMs: now() });
      const place = { generation, quarantine: deaths > 0 };
      if (await queues.hasSlice(task, place)) return false;
      await queues.enqueueSlice(task, place);
      return true;
    });
  };

  return {
    /** Has sources read on whose task is in no queue. */
    async expandAgain(): Promise<number> {
      return each(await due(batchRedisKeys.outbox, now() - promiseMs), async (id) => {
        const record = await batches.read(id);
        if (!record || isBatchEnded(record.state) || record.expanded)
          return (await withRedisDeadline(redis.zrem(batchRedisKeys.outbox, id))) > 0;
        await queues.enqueueExpand({
          v: 1,
          kind: 'expand',
          batchId: id,
          traceparent: childTraceparent(record.spec.traceparent),
          enqueuedAtMs: now(),
        });
        await withRedisDeadline(redis.zadd(batchRedisKeys.outbox, 'XX', now() + lookAgainMs, id));
        return true;
      });
    },

    /** Adds tasks of slices that were handed out and are in no queue; gives up attempts of canceled batches. */
    async tendLive(): Promise<number> {
      const ids = await withRedisDeadline(redis.zrange(batchRedisKeys.live, '0', '-1'));
      return each(ids, async (id) => {
        const record = await batches.read(id);
        if (!record) return (await withRedisDeadline(redis.zrem(batchRedisKeys.live, id))) > 0;
        if (record.state === 'canceling') return (await batches.forceEnd(id, now() - cancelMs)) === 1;
        return record.inFlight > 0 && (await requeueSlices(record)) > 0;
      });
    },

    async expire(): Promise<number> {
      return each(await due(batchRedisKeys.deadlines, now()), async (id) => {
        await batches.cancel(id, 'expired');
        await withRedisDeadline(redis.zrem(batchRedisKeys.deadlines, id));
        return true;
      });
    },

    /** Stores how batches ended, so that it outlives Redis. */
    async archive(): Promise<number> {
      return each(await due(batchRedisKeys.ended, now()), async (id) => {
        const record = await batches.read(id);
        if (record && isBatchEnded(record.state)) {
          const view = Buffer.from(JSON.stringify(batchViewOf(record, { nowMs: now() })));
          await store.put(batchOutcomeKey(record.spec), view, { contentType: 'application/json' });
        }
        directory.forget(id);
        // Sent through again meanwhile, it may have ended anew.
        if ((await batches.read(id))?.revision !== record?.revision) return false;
        await withRedisDeadline(redis.zrem(batchRedisKeys.ended, id));
        return record !== null;
      });
    },

    /** Audio and tensors have a clock of their own. */
    async deleteAudio(): Promise<number> {
      return each(await due(batchRedisKeys.audioExpiry, now()), async (member) => {
        const [tenant = '', id = ''] = member.split('/');
        await deleteBatchAudio(deps, { tenant, id });
        return true;
      });
    },

    async deleteExpired(): Promise<number> {
      return each(await due(batchRedisKeys.expiry, now()), async (member) => {
        const [tenant = '', id = ''] = member.split('/');
        await deleteBatch(deps, { tenant, id });
        return true;
      });
    },
  };
}

type Deleting = Pick<BatchKeeperDeps, 'redis' | 'batches' | 'store'>;

export async function deleteBatchAudio(
  { redis, batches, store }: Deleting,
  owner: { tenant: string; id: string },
): Promise<void> {
  const spec = (await batches.read(owner.id))?.spec;
  if (spec) {
    await withRedisDeadline(redis.hset(batchRedisKeys.batch(owner.id), 'audioDeleted', 1));
    await deleteUpload({ redis, store }, spec);
  }
  await store.deletePrefix(batchAudioPrefix(owner));
  await store.deletePrefix(batchTensorsPrefix(owner));
  await withRedisDeadline(redis.zrem(batchRedisKeys.audioExpiry, `${owner.tenant}/${owner.id}`));
}

/** An upload belongs to the batches that were made of it: the last one takes it along. */
async function deleteUpload({ redis, store }: Pick<Deleting, 'redis' | 'store'>, spec: BatchSpec): Promise<void> {
  const upload = uploadOf(spec);
  if (upload === undefined || spec.source.kind !== 'object') return;
  const users = batchRedisKeys.uploadUsers(upload);
  await withRedisDeadline(redis.srem(users, spec.id));
  if ((await withRedisDeadline(redis.scard(users))) > 0) return;
  for (const { key } of spec.source.parts) await store.delete(key);
  const [, tenant, id] = /^incoming\/([^/]+)\/(u[0-9a-f]{32})/.exec(upload) ?? [];
  if (tenant && id) await withRedisDeadline(redis.hdel(ledgerKeys.keptUploads, `${tenant}/${id}`));
}

/** Ends the batch if it is alive, and deletes everything of it. */
export async function deleteBatch(
  { redis, batches, store }: Deleting,
  owner: { tenant: string; id: string },
): Promise<void> {
  const { tenant, id } = owner;
  const record = await batches.read(id);
  if (record && !isBatchEnded(record.state)) {
    await batches.cancel(id, 'expired');
    // What is at work loses its place at once: nobody will read what it finds.
    await batches.forceEnd(id, Number.MAX_SAFE_INTEGER);
  }
  await deleteBatchAudio({ redis, batches, store }, owner);
  await store.deletePrefix(batchPrefix(owner));
  const transaction = redis.multi();
  if (record) transaction.zrem(batchRedisKeys.reusable(tenant, reuseSpace(record.spec)), id);
  transaction.zrem(batchRedisKeys.tenantBatches(tenant), id);
  for (const key of ['expiry', 'audioExpiry'] as const) transaction.zrem(batchRedisKeys[key], `${tenant}/${id}`);
  for (const key of ['live', 'outbox', 'deadlines', 'ended'] as const) transaction.zrem(batchRedisKeys[key], id);
  for (const key of ['batch', 'tokens', 'shardTokens', 'todo', 'failed', 'inFlight', 'pace'] as const)
    transaction.del(batchRedisKeys[key](id));
  await withRedisDeadline(transaction.exec());
}
