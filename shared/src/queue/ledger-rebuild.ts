/** Rebuilds the ledger from the object store when Redis came back empty: its epoch key is missing. */
import type { Redis } from 'ioredis';
import { jobSpecSchema } from '../contracts/job.js';
import type { Logger } from '../observability/logger.js';
import { parseJobKey } from '../storage/job-keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { ledgerKeys } from './ledger-keys.js';
import type { Ledger } from './ledger.js';
import { withRedisDeadline } from './redis-connection.js';
import { webhookKeys, webhookMember } from '../webhooks/webhook-due.js';

export interface RebuildDeps {
  redis: Redis;
  ledger: Ledger;
  store: ObjectStore;
  log: Logger;
  now: () => number;
  /** Rebuilds batches too; they have objects of their own. */
  rebuildBatches?: () => Promise<number>;
}

/** As long as the tries of a webhook take: what is older was delivered or given up. */
const webhookMemoryMs = 4 * 86_400_000;

interface JobObjects {
  id: string;
  names: Set<string>;
  submission: string | undefined;
}

/** The objects of one job after the other, in key order. */
async function* jobsOf(store: ObjectStore): AsyncGenerator<JobObjects> {
  let job: JobObjects | undefined;
  for await (const { key } of store.list('jobs/')) {
    const parsed = parseJobKey(key);
    if (!parsed) continue;
    if (job?.id !== parsed.id) {
      if (job) yield job;
      job = { id: parsed.id, names: new Set(), submission: undefined };
    }
    job.names.add(parsed.name);
    if (parsed.name === 'submission.json') job.submission = key;
  }
  if (job) yield job;
}

/**
 * Jobs queued again. A job with an outcome only regains its place in lists and retention; one whose submission cannot be
 * read (cut short by a power failure, another version) is logged and left out.
 */
export async function rebuildLedger({ redis, ledger, store, log, now, rebuildBatches }: RebuildDeps): Promise<number> {
  if ((await withRedisDeadline(redis.get(ledgerKeys.epoch))) !== null) return 0;
  let rebuilt = 0;
  for await (const job of jobsOf(store)) {
    if (job.submission === undefined) continue;
    try {
      const spec = jobSpecSchema.parse(JSON.parse((await store.readAll(job.submission)).toString('utf8')));
      if (job.names.has('outcome.json')) {
        const transaction = redis.multi().zadd(ledgerKeys.tenantJobs(spec.tenant), spec.createdAtMs, spec.id);
        transaction.zadd(ledgerKeys.expiry, spec.expiresAtMs, `${spec.tenant}/${spec.id}`);
        // Nobody knows any more whether it was delivered: rather twice, under the same id, than never.
        if (spec.webhookUrl !== undefined && now() - spec.createdAtMs < webhookMemoryMs)
          transaction.zadd(webhookKeys.due, now(), webhookMember(spec));
        await withRedisDeadline(transaction.exec());
      } else {
        await ledger.submit(spec, { maxLive: Number.MAX_SAFE_INTEGER });
        rebuilt += 1;
      }
    } catch (error) {
      log.error({ err: error, jobId: job.id }, 'a job could not be rebuilt');
    }
  }
  rebuilt += (await rebuildBatches?.()) ?? 0;
  await withRedisDeadline(redis.set(ledgerKeys.epoch, new Date(now()).toISOString()));
  if (rebuilt > 0) log.warn({ rebuilt }, 'ledger rebuilt from the object store');
  return rebuilt;
}
