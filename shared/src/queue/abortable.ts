/** Rejects as soon as the signal aborts, so a handler that does not listen cannot hold its slot. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) {
      fail();
      return;
    }
    signal.addEventListener('abort', fail, { once: true });
    stop = () => signal.removeEventListener('abort', fail);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stop?.();
    work.catch(() => undefined);
  }
}

/** Whether the signal has aborted by now; a function, because control flow analysis takes the answer of a moment ago for granted. */
export const isAborted = (signal: AbortSignal): boolean => signal.aborted;
