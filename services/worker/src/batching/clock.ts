/** Time as the batcher sees it, so that tests can hold it still. */
export interface BatchClock {
  /** Milliseconds from any fixed point; never goes back. */
  now(): number;
  /** Calls `fire` once after `delayMs`, unless the returned function is called first. */
  after(delayMs: number, fire: () => void): () => void;
}

export const systemClock: BatchClock = {
  now: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
