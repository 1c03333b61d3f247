/**
 * Shared and exclusive work in one process. Ordinary tasks share the process; a quarantined one, suspected of ending it,
 * waits for them to finish and runs alone, so that only it can be lost with the process.
 */
export interface ProcessGate {
  shared<T>(work: () => Promise<T>): Promise<T>;
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

export function createProcessGate(): ProcessGate {
  let running = 0;
  let exclusiveTail: Promise<unknown> = Promise.resolve();
  let exclusivePending = 0;
  let waiting: (() => void)[] = [];
  const changed = () => new Promise<void>((resolve) => waiting.push(resolve));
  const notify = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  return {
    async shared(work) {
      while (exclusivePending > 0) await changed();
      running += 1;
      try {
        return await work();
      } finally {
        running -= 1;
        notify();
      }
    },
    async exclusive(work) {
      exclusivePending += 1;
      const turn = exclusiveTail.then(async () => {
        while (running > 0) await changed();
        try {
          return await work();
        } finally {
          exclusivePending -= 1;
          notify();
        }
      });
      exclusiveTail = turn.catch(() => undefined);
      return turn;
    },
  };
}
