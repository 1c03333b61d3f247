/** How long to wait before starting a child again: longer each time it dies young, from the start once it has held. */

export interface RestartPolicy {
  /** @param uptimeMs how long the run that just ended lasted */
  nextDelayMs(uptimeMs: number): number;
  /** Deaths since the last run that held. */
  readonly failures: number;
}

export interface RestartPolicyOptions {
  firstDelayMs?: number;
  maxDelayMs?: number;
  /** A run this long counts as healthy. */
  stableMs?: number;
}

export function createRestartPolicy({
  firstDelayMs = 1000,
  maxDelayMs = 30_000,
  stableMs = 30_000,
}: RestartPolicyOptions = {}): RestartPolicy {
  let failures = 0;
  return {
    nextDelayMs(uptimeMs) {
      failures = uptimeMs >= stableMs ? 1 : failures + 1;
      return Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1));
    },
    get failures() {
      return failures;
    },
  };
}
