/**
 * Deletes by age what no record leads to: uploads nobody named, tensor packs past their time, and the objects of clips whose
 * gateway died before the job was recorded. Runs rarely, as it lists everything under three prefixes.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../observability/logger.js';
import { parseJobKey } from '../storage/job-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ledgerKeys } from './ledger-keys.js';
import { withRedisDeadline } from './redis-connection.js';

export interface JanitorDeps {
  redis: Redis;
  store: ObjectStore;
  log: Logger;
  /** Seconds a tensor pack is kept. */
  tensorSeconds: number;
  now: () => number;
}

/** Long after any upload or submission in progress has ended. */
const abandonedSeconds = 86_400;

/** Objects deleted. */
export async function sweepStore({ redis, store, log, tensorSeconds, now }: JanitorDeps): Promise<number> {
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
  await olderThan('incoming/', abandonedSeconds);
  await olderThan('tensors/', tensorSeconds);
  await olderThan('jobs/', abandonedSeconds, belongsToJob);
  if (deleted > 0) log.info({ deleted }, 'objects deleted that nothing leads to');
  return deleted;
}
