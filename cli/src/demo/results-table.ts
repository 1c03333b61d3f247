/** The table the demo ends with: decision, timeline and where the time went, one line for each clip. */
import type { JobTimings } from '@timbre/shared/contracts/job';
import { decisionOf, matchesExpected, type Expected } from './expected.js';
import type { ClipOutcome } from './submit-clips.js';
import { renderTable, type Column } from './text-table.js';
import { renderTimeline } from './timeline.js';

const CLIP_WIDTH = 36;
const TIMELINE_WIDTH = 44;

const stages: [title: string, field: keyof JobTimings][] = [
  ['upload', 'uploadSeconds'],
  ['wait', 'waitSeconds'],
  ['preprocess', 'preprocessSeconds'],
  ['infer wait', 'inferWaitSeconds'],
  ['infer', 'inferSeconds'],
  ['total ms', 'totalSeconds'],
];

export function renderResults(outcomes: ClipOutcome[], expected: Expected | undefined): string[] {
  const columns: Column<ClipOutcome>[] = [
    { title: 'clip', cell: ({ clip }) => clip.name, maxWidth: CLIP_WIDTH },
    { title: 'decision', cell: describeDecision },
    { title: 'conf.', align: 'right', cell: ({ job }) => job?.result?.confidence.toFixed(2) ?? '' },
    { title: 'timeline', cell: ({ job }) => renderTimeline(job?.result?.segments ?? [], TIMELINE_WIDTH) },
    ...stages.map(([title, field]): Column<ClipOutcome> => ({
      title,
      align: 'right',
      cell: ({ job }) => milliseconds(job?.timings[field]),
    })),
  ];
  if (expected) columns.push({ title: 'expected', cell: (outcome) => describeMatch(outcome, expected) });
  return [...renderTable(columns, outcomes), '', summarize(outcomes, expected)];
}

function describeDecision(outcome: ClipOutcome): string {
  const { job } = outcome;
  const decision = decisionOf(outcome);
  if (!job?.result) return job && job.state !== 'failed' ? job.state : `failed: ${decision}`;
  return decision === 'unknown' && job.result.label ? `unknown (${job.result.label}?)` : decision;
}

function describeMatch(outcome: ClipOutcome, expected: Expected): string {
  const matches = matchesExpected(outcome, expected);
  if (matches === undefined) return '';
  return matches ? 'yes' : `NO: ${expected[outcome.clip.name] ?? ''}`;
}

function milliseconds(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  const ms = seconds * 1000;
  return ms.toFixed(ms < 10 ? 1 : 0);
}

function summarize(outcomes: ClipOutcome[], expected: Expected | undefined): string {
  const failed = outcomes.filter(({ job }) => job?.state !== 'succeeded').length;
  const parts = [`${outcomes.length} clips: ${outcomes.length - failed} classified, ${failed} failed`];
  if (expected) {
    const judged = outcomes.map((outcome) => matchesExpected(outcome, expected)).filter((match) => match !== undefined);
    parts.push(`${judged.filter(Boolean).length} of ${judged.length} as expected`);
  }
  return parts.join('; ');
}
