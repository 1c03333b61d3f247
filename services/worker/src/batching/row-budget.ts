/**
 * How many rows one process may hold in memory, by lane. A task takes its share before it reads its tensor pack and gives
 * it back when it is done, so many long clips at once wait their turn instead of filling the memory. First come, first
 * served; a task bigger than the whole budget takes all of it and runs alone.
 */
import type { Lane } from '@timbre/shared/contracts/job';

export interface RowBudget {
  /**
   * Resolves with the way to give the share back (once), when there is room.
   * @throws the reason of `signal` when it aborts first
   */
  take(rows: number, lane: Lane, signal?: AbortSignal): Promise<() => void>;
}

interface Waiter {
  rows: number;
  admit: () => void;
}

export function createRowBudget(maxRows: number): RowBudget {
  const used: Record<Lane, number> = { interactive: 0, bulk: 0 };
  const waiting: Record<Lane, Waiter[]> = { interactive: [], bulk: [] };

  const admitNext = (lane: Lane): void => {
    const line = waiting[lane];
    for (let first = line[0]; first && used[lane] + first.rows <= maxRows; first = line[0]) {
      line.shift();
      used[lane] += first.rows;
      first.admit();
    }
  };

  const giveBack = (rows: number, lane: Lane) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      used[lane] -= rows;
      admitNext(lane);
    };
  };

  return {
    take: (wanted, lane, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const rows = Math.min(wanted, maxRows);
        const onAbort = () => {
          waiting[lane] = waiting[lane].filter((other) => other !== waiter);
          reject(signal?.reason as Error);
          admitNext(lane);
        };
        const waiter: Waiter = {
          rows,
          admit: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve(giveBack(rows, lane));
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting[lane].push(waiter);
        admitNext(lane);
      }),
  };
}
