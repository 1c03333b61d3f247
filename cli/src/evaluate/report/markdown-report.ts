/** The report as Markdown, with its pictures beside it. Pure. */
import type { EvaluationReport, FailureGroup } from './evaluation-report.js';
import { markdownTable } from './markdown-table.js';
import { linkOf, summaryRows } from './text-report.js';
import { decimal, percent } from './wording.js';

const WORST = 50;
const FAILURES_SHOWN = 100;

export function markdownReport(report: EvaluationReport): string {
  const { model, clips, system, speed, figures } = report;
  return [
    `# ${model.id} ${model.version} on \`${report.folder}\``,
    '',
    `${model.title}; digest \`${model.modelDigest}\`; \`unknown\` below ${model.unknownThreshold}.`,
    `${clips.judged} of ${clips.total} clips judged, ${clips.failed} failed; labels from ${report.labelSource}` +
      `${report.split === null ? '' : `, split \`${report.split}\``}. Evaluated ${report.evaluatedAt} at ${system.url}` +
      `${system.temporary ? ' (a temporary system)' : ''}, ${speed.audioSeconds.toFixed(0)} s of audio in ` +
      `${speed.wallSeconds.toFixed(1)} s.`,
    ...report.warnings.flatMap((warning) => ['', `> Note: ${warning}.`]),
    '',
    ...markdownTable(
      [
        { title: 'figure', cell: ([name]: [string, string]) => name },
        { title: 'value', cell: ([, value]) => value },
      ],
      summaryRows(report),
    ),
    '',
    ...classTable(report),
    '',
    '![Confusion matrix](confusion.svg)',
    '',
    ...confusionTable(report),
    '',
    '![Reliability diagram](reliability.svg)',
    '',
    ...rejectionTable(figures.rejectionByLabel),
    ...mistakeTable(report),
    ...report.failures.flatMap(failureList),
  ].join('\n');
}

function classTable({ figures: { classes } }: EvaluationReport): string[] {
  return markdownTable(
    [
      { title: 'class', cell: ({ label }: (typeof classes)[number]) => label },
      { title: 'precision', align: 'right', cell: ({ precision }) => percent(precision) },
      { title: 'recall', align: 'right', cell: ({ recall }) => percent(recall) },
      { title: 'F1', align: 'right', cell: ({ f1 }) => decimal(f1) },
      { title: 'clips', align: 'right', cell: ({ support }) => String(support) },
    ],
    classes,
  );
}

function confusionTable({ figures: { confusion } }: EvaluationReport): string[] {
  const rows = confusion.rows.map((name, row) => ({ name, cells: confusion.counts[row] ?? [] }));
  return markdownTable(
    [
      { title: 'is \\ taken for', cell: ({ name }: (typeof rows)[number]) => name },
      ...confusion.columns.map((title, column) => ({
        title,
        align: 'right' as const,
        cell: ({ cells }: (typeof rows)[number]) => String(cells[column] ?? 0),
      })),
    ],
    rows,
  );
}

function rejectionTable(groups: EvaluationReport['figures']['rejectionByLabel']): string[] {
  if (groups.length < 2) return [];
  const table = markdownTable(
    [
      { title: 'foreign sound', cell: ({ label }: (typeof groups)[number]) => label },
      { title: 'refused', align: 'right', cell: ({ rejection }) => percent(rejection.share) },
      { title: 'clips', align: 'right', cell: ({ rejection }) => String(rejection.of) },
    ],
    groups,
  );
  return [...table, ''];
}

function mistakeTable(report: EvaluationReport): string[] {
  const shown = report.mistakes.slice(0, WORST);
  const title = `## Worst mistakes (${shown.length} of ${report.mistakes.length})`;
  if (shown.length === 0) return ['## Worst mistakes', '', 'None.', ''];
  const link = (jobId: string) =>
    report.system.temporary ? `\`${jobId}\`` : `[${jobId.slice(0, 9)}…](${linkOf(report, jobId)})`;
  const table = markdownTable(
    [
      { title: 'confidence', align: 'right', cell: ({ confidence }: (typeof shown)[number]) => confidence.toFixed(3) },
      { title: 'is', cell: ({ truth, label }) => (truth === label.toLowerCase() ? truth : `${truth} (${label})`) },
      { title: 'taken for', cell: ({ decision }) => decision },
      { title: 'clip', cell: ({ name }) => `\`${name}\`` },
      { title: 'job', cell: ({ jobId }) => link(jobId) },
    ],
    shown,
  );
  return [title, '', ...table, ''];
}

function failureList({ code, clips }: FailureGroup): string[] {
  const lines = clips.slice(0, FAILURES_SHOWN).map(({ name, detail }) => `- \`${name}\`${detail ? `: ${detail}` : ''}`);
  const more = clips.length > FAILURES_SHOWN ? [`- and ${clips.length - FAILURES_SHOWN} more in \`report.json\``] : [];
  return [`## Failed with \`${code}\`: ${clips.length}`, '', ...lines, ...more, ''];
}
