/** Runs the keeper's sweeps for as long as the process lives, one at a time. */
import type { Logger } from '@timbre/shared/observability/logger';
import { createThrottledLog } from '@timbre/shared/observability/logger';
import type { Keeper } from '@timbre/shared/queue/keeper';
import type { SweepableObjectStore } from '@timbre/shared/storage/driver-store';

/** Half-written objects older than this belong to processes that died. */
const abandonedMs = 24 * 3_600_000;
const sweepStoreEveryMs = 3_600_000;

/** Removes what interrupted uploads left in the store, now and every hour. */
export function sweepAbandonedUploads(store: SweepableObjectStore, log: Logger): { stop: () => void } {
  const sweep = () =>
    void store.sweepTemporary(abandonedMs).then(
      (removed) => removed > 0 && log.info({ removed }, 'abandoned uploads removed'),
      (error: unknown) => log.warn({ err: error }, 'abandoned uploads could not be removed'),
    );
  sweep();
  const timer = setInterval(sweep, sweepStoreEveryMs);
  return { stop: () => clearInterval(timer) };
}

export function runKeeper(keeper: Keeper, intervalMs: number, log: Logger): { stop: () => Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<void> = Promise.resolve();
  const report = createThrottledLog((suppressed, message) => log.warn({ message, suppressed }, 'sweep failed'), 5000);

  const turn = async (): Promise<void> => {
    try {
      const done = await keeper.sweep();
      if (done && Object.values(done).some((count) => count > 0)) log.info(done, 'sweep');
    } catch (error) {
      report(error instanceof Error ? error.message : String(error));
    }
    if (!stopped) timer = setTimeout(next, intervalMs);
  };
  const next = (): void => void (current = turn());
  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
      await keeper.release().catch(() => undefined);
    },
  };
}
