/**
 * The history checker: reads, after a test that broke things, what clients were promised and what is stored, and says which
 * promises were not kept. Method: record a history, check invariants after (Jepsen).
 */
import { isTerminal, type JobState, type JobView } from '@timbre/shared/contracts/job';
import { errorCatalog } from '@timbre/shared/error-catalog';

export interface JobHistory {
  id: string;
  /** What the ledger's log holds, in order. */
  events: { seq: number; state: JobState }[];
  /** What the API answers at the end. */
  view: JobView | undefined;
  /** States clients saw, in the order they saw them. */
  seen: JobState[];
}

export interface History {
  /** Every id a client got a 202 for. */
  accepted: string[];
  jobs: JobHistory[];
  /** Result of the same clip in a calm run, by clip name. */
  oracle: ReadonlyMap<string, unknown>;
  /** Audio-seconds and jobs the counters still show when all is over. */
  backlog: { audioSeconds: number; jobs: number };
  liveJobs: number;
}

const rank: Record<JobState, number> = {
  queued: 0,
  preprocessing: 1,
  inferring: 2,
  succeeded: 3,
  failed: 3,
  canceled: 3,
  expired: 3,
};
const isMonotonic = (states: JobState[]) =>
  states.every((state, index) => rank[state] >= rank[states[index - 1] ?? 'queued']);

/** Broken promises as sentences; empty when all were kept. */
export function checkHistory(history: History): string[] {
  const problems: string[] = [];
  const byId = new Map(history.jobs.map((job) => [job.id, job]));
  for (const id of history.accepted) {
    const job = byId.get(id);
    if (!job?.view) problems.push(`${id}: accepted and lost`);
    else problems.push(...checkJob(job, history.oracle).map((problem) => `${id}: ${problem}`));
  }
  if (new Set(history.accepted).size !== history.accepted.length) problems.push('an id was given out twice');
  if (history.liveJobs !== 0) problems.push(`${history.liveJobs} jobs are still counted as unfinished`);
  if (history.backlog.jobs !== 0 || Math.abs(history.backlog.audioSeconds) > 0.01)
    problems.push(`the backlog ends at ${history.backlog.jobs} jobs, ${history.backlog.audioSeconds} s`);
  return problems;
}

function checkJob({ events, view, seen }: JobHistory, oracle: History['oracle']): string[] {
  if (!view) return [];
  const problems: string[] = [];
  const states = events.map(({ state }) => state);
  if (!isTerminal(view.state)) problems.push(`stuck in ${view.state}`);
  if (!events.every(({ seq }, index) => seq === index + 1)) problems.push('events have a gap or a repeat');
  if (states.filter((state) => isTerminal(state)).length !== 1)
    problems.push(`ended ${states.filter((state) => isTerminal(state)).length} times`);
  if (!isTerminal(states.at(-1) ?? 'queued') || states.at(-1) !== view.state)
    problems.push('the log does not end as the job does');
  if (!isMonotonic(states)) problems.push(`states went backwards: ${states.join(' ')}`);
  if (!isMonotonic(seen)) problems.push(`a client saw states go backwards: ${seen.join(' ')}`);
  if (view.state === 'failed' && !(view.error && view.error.code in errorCatalog))
    problems.push('failed without a listed code');
  const expected = oracle.get(view.clip.name);
  if (view.state === 'succeeded' && expected !== undefined && JSON.stringify(view.result) !== JSON.stringify(expected))
    problems.push('the result differs from the calm run');
  return problems;
}
