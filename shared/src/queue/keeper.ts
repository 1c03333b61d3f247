/**
 * The keeper: what must happen to jobs without anybody asking. Any gateway may run it; a lease picks one at a time. Steps do
 * not depend on each other: a full disk that keeps records from being archived does not keep old audio from being deleted.
 */
import type { BatchLedger } from '../batch/batch-ledger.js';
import { createBatchKeeperSteps } from '../batch/batch-keeper.js';
import { rebuildBatches } from '../batch/batch-rebuild.js';
import type { SliceDirectory } from '../batch/slice-directory.js';
import { createKeeperSteps, type KeeperDeps } from './keeper-steps.js';
import { createLease } from './lease.js';
import { rebuildLedger } from './ledger-rebuild.js';
import { sweepStore } from './store-janitor.js';

export type { KeeperDeps } from './keeper-steps.js';
export type SweepReport = Record<string, number>;
export type Keeper = ReturnType<typeof createKeeper>;

/** A keeper that died is replaced after this long; a living one renews it all the time. */
const leaseMs = 10_000;
const leaseKey = 'timbre:keeper';
const storeSweepMs = 3_600_000;

export function createKeeper(deps: KeeperDeps & { batches: BatchLedger; directory: SliceDirectory }) {
  const { redis, ledger, batches, store, log, tensorSeconds, clipSeconds } = deps;
  const now = deps.now ?? Date.now;
  const steps = createKeeperSteps(deps);
  const batchSteps = createBatchKeeperSteps({ ...deps, now });
  const lease = createLease(redis, leaseKey, leaseMs);
  let storeSweptAt = -Infinity;

  const sweepStoreSometimes = async (): Promise<number> => {
    if (now() - storeSweptAt < storeSweepMs) return 0;
    storeSweptAt = now();
    return sweepStore({ redis, store, log, tensorSeconds, clipSeconds, now });
  };
  /** What frees memory and space comes first, and goes on when nothing else can. */
  const freeing = {
    deleted: () => steps.deleteExpired(),
    forgotten: () => steps.forget(),
    batchesDeleted: () => batchSteps.deleteExpired(),
    batchAudioDeleted: () => batchSteps.deleteAudio(),
  };
  const rest = {
    rebuilt: () =>
      rebuildLedger({ redis, ledger, store, log, now, rebuildBatches: () => rebuildBatches({ batches, store, log }) }),
    requeued: () => steps.requeue(),
    expired: () => steps.expire(),
    archived: () => steps.archive(),
    batchesExpanding: () => batchSteps.expandAgain(),
    batchesTended: () => batchSteps.tendLive(),
    batchesExpired: () => batchSteps.expire(),
    batchesArchived: () => batchSteps.archive(),
    sweptObjects: sweepStoreSometimes,
  };

  const runSteps = async (chosen: Record<string, () => Promise<number>>): Promise<SweepReport> => {
    const report: SweepReport = {};
    for (const [name, step] of Object.entries(chosen)) {
      try {
        report[name] = await step();
      } catch (error) {
        log.warn({ err: error, step: name }, 'a step of the sweep failed');
      }
    }
    return report;
  };

  return {
    /** One sweep, if this process gets the lease; `undefined` otherwise. */
    async sweep(): Promise<SweepReport | undefined> {
      let mine: boolean;
      try {
        mine = await lease.take();
      } catch (error) {
        // Redis is full: even the lease is refused. Forgetting needs no memory and may be done by several at once.
        if (/OOM/.test(String((error as Error).cause ?? error))) return runSteps(freeing);
        throw error;
      }
      if (!mine) return undefined;
      const renewing = setInterval(() => void lease.take().catch(() => false), leaseMs / 3);
      try {
        return await runSteps({ ...freeing, ...rest });
      } finally {
        clearInterval(renewing);
      }
    },
    release: () => lease.release(),
  };
}
