/** How the sweeps go through what is due: some at a time, each on its own. */
import type { Logger } from '../observability/logger.js';

const parallel = 16;

/** Runs `work` on all items; counts the trues, and logs what failed for the next sweep to find again. */
export async function forEachSafely<T>(
  items: readonly T[],
  log: Logger,
  work: (item: T) => Promise<boolean>,
): Promise<number> {
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      try {
        if (await work(item)) done += 1;
      } catch (error) {
        log.warn({ err: error, item }, 'a sweep left something for the next one');
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return done;
}
