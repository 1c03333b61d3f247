/**
 * How many bytes of clips this process holds at once. Taken before a clip is read, so that a row of big files waits instead of
 * ending the process, which would cost every neighbour an attempt. First come, first served. Counts anything else as well.
 */
export interface ByteBudget {
  /** Resolves with the release. One clip may be bigger than the budget: it then has it alone. Rejects when aborted. */
  take(bytes: number, signal: AbortSignal): Promise<() => void>;
}

export function createByteBudget(total: number): ByteBudget {
  let free = total;
  let queue: { bytes: number; go: () => void }[] = [];
  const serve = (): void => {
    while (queue[0] && queue[0].bytes <= free) {
      const [first] = queue.splice(0, 1);
      if (!first) return;
      free -= first.bytes;
      first.go();
    }
  };
  return {
    take(wanted, signal) {
      const bytes = Math.min(wanted, total);
      return new Promise((resolve, reject) => {
        const release = (): void => {
          free += bytes;
          serve();
        };
        const abort = (): void => {
          queue = queue.filter((waiting) => waiting !== entry);
          reject(signal.reason as Error);
          serve();
        };
        const entry = {
          bytes,
          go: () => {
            signal.removeEventListener('abort', abort);
            resolve(release);
          },
        };
        if (signal.aborted) return void abort();
        signal.addEventListener('abort', abort, { once: true });
        queue.push(entry);
        serve();
      });
    },
  };
}
