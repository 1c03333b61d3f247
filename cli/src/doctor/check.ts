/** One thing that `timbre doctor` looks at. */

export interface CheckResult {
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to do about it. */
  remedy?: string;
}

export interface Check {
  name: string;
  run: () => Promise<CheckResult[]>;
}

export interface Finding extends CheckResult {
  name: string;
}

export const ok = (detail: string): CheckResult => ({ state: 'ok', detail });
export const warn = (detail: string, remedy: string): CheckResult => ({ state: 'warn', detail, remedy });
export const fail = (detail: string, remedy: string): CheckResult => ({ state: 'fail', detail, remedy });

/** All in turn; one that throws has failed. */
export async function runChecks(checks: readonly Check[], onFinding: (finding: Finding) => void): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, run } of checks) {
    const results = await run().catch((error: unknown) => [
      fail(error instanceof Error ? error.message : String(error), 'see the log of the system'),
    ]);
    for (const result of results) {
      findings.push({ name, ...result });
      onFinding({ name, ...result });
    }
  }
  return findings;
}
