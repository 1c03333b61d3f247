/**
 * Deletes by age what no record leads to: uploads nobody named, tensor packs past their time, and the objects of clips whose
 * gateway died before the job was recorded, or which came when their batch was deleted. Runs rarely, as it lists everything
 * under four prefixes.
 */
import type { Redis } from 'ioredis';
import { batchRedisKeys } from '../batch/batch-redis-keys.js';
import type { Logger } from '../observability/logger.js';
import { batchSpecKey } from '../storage/batch-keys.js';
import { parseJobKey } from '../storage/job-keys.js';
import type { ObjectInfo, ObjectStore } from '../storage/object-store.js';
import { uploadPrefixOf } from '../storage/upload-keys.js';
import { ledgerKeys } from './ledger-keys.js';
import { withRedisDeadline } from './redis-connection.js';

export interface JanitorDeps {
  redis: Redis;
  store: ObjectStore;
  log: Logger;
  /** Seconds a tensor pack is kept. */
  tensorSeconds: number;
  /** Seconds a clip stored by its content is kept after it was last sent. */
  clipSeconds: number;
  now: () => number;
}

/** Long after any upload or submission in progress has ended. */
const abandonedSeconds = 86_400;

/** Objects deleted. */
export async function sweepStore({ redis, store, log, tensorSeconds, clipSeconds, now }: JanitorDeps): Promise<number> {
  let deleted = 0;
  const olderThan = async (
    prefix: string,
    seconds: number,
    isWanted?: (key: string) => Promise<boolean>,
  ): Promise<void> => {
    for await (const { key, modifiedAt } of store.list(prefix)) {
      if (now() - modifiedAt.getTime() < seconds * 1000 || (await isWanted?.(key))) continue;
      await store.delete(key);
      deleted += 1;
    }
  };
  const belongsToJob = async (key: string): Promise<boolean> => {
    const job = parseJobKey(key);
    if (!job) return true;
    return (await withRedisDeadline(redis.zscore(ledgerKeys.expiry, `${job.tenant}/${job.id}`))) !== null;
  };
  // Asked once for each batch: they come in order. One with a spec was accepted, whatever became of its record.
  let batch: { owner: string; wanted: Promise<boolean> } | undefined;
  const belongsToBatch = async (key: string): Promise<boolean> => {
    const [, tenant, id] = /^batches\/([^/]+)\/(b[0-9a-f]{32})\//.exec(key) ?? [];
    if (!tenant || !id) return true;
    const owner = `${tenant}/${id}`;
    const isKnown = async () =>
      (await withRedisDeadline(redis.zscore(batchRedisKeys.expiry, owner))) !== null ||
      (await store.head(batchSpecKey({ tenant, id }))) !== null;
    if (batch?.owner !== owner) batch = { owner, wanted: isKnown() };
    return batch.wanted;
  };
  const isKept = async (key: string): Promise<boolean> => {
    const [, tenant, id] = /^incoming\/([^/]+)\/(u[0-9a-f]{32})/.exec(key) ?? [];
    const until = await withRedisDeadline(redis.hget(ledgerKeys.keptUploads, `${tenant}/${id}`));
    return until !== null && Number(until) > now();
  };
  deleted += await sweepUploads(store, now() - abandonedSeconds * 1000, isKept);
  await olderThan('tensors/', tensorSeconds);
  await olderThan('clips/', clipSeconds);
  await olderThan('jobs/', abandonedSeconds, belongsToJob);
  await olderThan('batches/', abandonedSeconds, belongsToBatch);
  if (deleted > 0) log.info({ deleted }, 'objects deleted that nothing leads to');
  return deleted;
}

/** An upload is as old as the youngest of its objects: one in many parts goes as a whole, and not while it still grows. */
async function sweepUploads(
  store: ObjectStore,
  untilMs: number,
  isKept: (key: string) => Promise<boolean>,
): Promise<number> {
  let deleted = 0;
  let upload: { prefix: string; objects: ObjectInfo[] } | undefined;
  const finish = async (): Promise<void> => {
    if (!upload || upload.objects.some(({ modifiedAt }) => modifiedAt.getTime() > untilMs)) return;
    if (await isKept(upload.objects[0]?.key ?? '')) return;
    // In reverse: `info.json` first, so that a sweep that ends halfway leaves nothing that looks like an upload.
    for (const { key } of upload.objects.reverse()) await store.delete(key);
    deleted += upload.objects.length;
  };
  for await (const object of store.list('incoming/')) {
    const prefix = uploadPrefixOf(object.key) ?? object.key;
    if (upload?.prefix !== prefix) {
      await finish();
      upload = { prefix, objects: [] };
    }
    upload.objects.push(object);
  }
  await finish();
  return deleted;
}
