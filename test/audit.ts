/** Collects the history of a run from the system itself, for the history checker. */
import { Redis } from 'ioredis';
import type { JobEvent, JobState, JobView } from '@timbre/shared/contracts/job';
import { ledgerKeys } from '@timbre/shared/queue/ledger-keys';
import { checkHistory, type History, type JobHistory } from './history.js';
import type { TestSystem } from '@timbre/shared/testing/test-system';

export interface Witness {
  id: string;
  /** States a client saw, in order. */
  seen: JobState[];
  view: JobView | undefined;
}

/** Broken promises of a run; waits for the counters to settle first, as gauges trail the last answer by one call. */
export async function audit(
  system: TestSystem,
  witnesses: Witness[],
  oracle: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const redis = new Redis(system.redis.url);
  try {
    const jobs: JobHistory[] = [];
    for (const { id, seen, view } of witnesses) {
      const entries = await redis.lrange(ledgerKeys.log(id), 0, -1);
      const events = entries.map((entry) => JSON.parse(entry) as JobEvent);
      jobs.push({ id, seen, view, events });
    }
    const [ms, counts] = await Promise.all([redis.hvals(ledgerKeys.backlogMs), redis.hvals(ledgerKeys.backlogJobs)]);
    const sum = (values: string[]) => values.reduce((total, value) => total + Math.abs(Number(value)), 0);
    const history: History = {
      accepted: witnesses.map(({ id }) => id),
      jobs,
      oracle,
      backlog: { audioSeconds: sum(ms) / 1000, jobs: sum(counts) },
      liveJobs: await redis.zcard(ledgerKeys.live),
    };
    return checkHistory(history);
  } finally {
    redis.disconnect();
  }
}
