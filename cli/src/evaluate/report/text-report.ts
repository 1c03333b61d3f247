/** The report as text for a terminal. Pure. */
import { renderTable, type Column } from '../../demo/text-table.js';
import type { ClassFigures, Confusion } from '@timbre/shared/results/confusion';
import type { EvaluationReport, FailureGroup, Mistake } from './evaluation-report.js';
import { decimal, describeShare, ECE_METHOD, percent } from './wording.js';

export interface TextOptions {
  /** How many mistakes, and failed clips of one code, are shown. */
  worst: number;
}

const NAME_WIDTH = 48;

export function renderReport(report: EvaluationReport, { worst }: TextOptions): string[] {
  const { figures, model, clips, system, speed } = report;
  const judged = `${clips.judged} of ${clips.total} clips judged, ${clips.failed} failed`;
  return [
    `${model.id} ${model.version} on ${report.folder}: ${judged}`,
    `${speed.audioSeconds.toFixed(0)} s of audio in ${speed.wallSeconds.toFixed(1)} s ` +
      `(${speed.clipsPerSecond.toFixed(1)} clips/s) at ${system.url}${system.temporary ? ' (temporary)' : ''}`,
    ...report.warnings.map((warning) => `note: ${warning}`),
    '',
    ...summaryRows(report).map(([name, value]) => `${name.padEnd(20)} ${value}`),
    '',
    ...renderTable(classColumns, figures.classes),
    '',
    ...renderConfusion(figures.confusion),
    ...renderRejections(report),
    ...section(`worst mistakes (${Math.min(worst, report.mistakes.length)} of ${report.mistakes.length})`, [
      ...(report.mistakes.length > 0 ? renderTable(mistakeColumns(report), report.mistakes.slice(0, worst)) : ['none']),
    ]),
    ...report.failures.flatMap((group) => renderFailures(group, worst)),
  ];
}

/** The figures above the tables, by name. */
export function summaryRows({ figures }: EvaluationReport): [name: string, value: string][] {
  const { calibration } = figures;
  return [
    ['accuracy', describeShare(figures.accuracy)],
    ['coverage', describeShare(figures.coverage)],
    ['accuracy if covered', describeShare(figures.accuracyWhereCovered)],
    ['best guess right', describeShare(figures.bestGuess)],
    ['foreign refused', describeShare(figures.rejection)],
    [
      'calibration error',
      `${decimal(calibration.expectedCalibrationError)} over ${calibration.clips} clips (${ECE_METHOD})`,
    ],
  ];
}

/** Where a job can be looked at; only its id when the system ends with the evaluation. */
export function linkOf({ system }: Pick<EvaluationReport, 'system'>, jobId: string): string {
  return system.temporary ? jobId : new URL(`/v1/jobs/${jobId}`, system.url).href;
}

const classColumns: Column<ClassFigures>[] = [
  { title: 'class', cell: ({ label }) => label },
  { title: 'precision', align: 'right', cell: ({ precision }) => percent(precision) },
  { title: 'recall', align: 'right', cell: ({ recall }) => percent(recall) },
  { title: 'F1', align: 'right', cell: ({ f1 }) => decimal(f1) },
  { title: 'clips', align: 'right', cell: ({ support }) => String(support) },
];

function renderConfusion({ rows, columns, counts }: Confusion): string[] {
  const lines = rows.map((name, row) => ({ name, cells: counts[row] ?? [] }));
  return renderTable(
    [
      { title: 'is \\ taken for', cell: ({ name }: (typeof lines)[number]) => name },
      ...columns.map((title, column) => ({
        title,
        align: 'right' as const,
        cell: ({ cells }: (typeof lines)[number]) => String(cells[column] ?? 0),
      })),
    ],
    lines,
  );
}

function renderRejections({ figures: { rejectionByLabel } }: EvaluationReport): string[] {
  if (rejectionByLabel.length < 2) return [];
  const rows = renderTable(
    [
      { title: 'sound', cell: ({ label }: (typeof rejectionByLabel)[number]) => label, maxWidth: NAME_WIDTH },
      { title: 'refused', align: 'right', cell: ({ rejection }) => percent(rejection.share) },
      { title: 'clips', align: 'right', cell: ({ rejection }) => String(rejection.of) },
    ],
    rejectionByLabel,
  );
  return section('foreign sounds', rows);
}

function mistakeColumns(report: EvaluationReport): Column<Mistake>[] {
  return [
    { title: 'conf.', align: 'right', cell: ({ confidence }) => confidence.toFixed(2) },
    { title: 'is', cell: ({ truth, label }) => (truth === label.toLowerCase() ? truth : `${truth} (${label})`) },
    { title: 'taken for', cell: ({ decision }) => decision },
    { title: 'clip', cell: ({ name }) => name, maxWidth: NAME_WIDTH },
    { title: 'job', cell: ({ jobId }) => linkOf(report, jobId) },
  ];
}

function renderFailures({ code, clips }: FailureGroup, shown: number): string[] {
  const lines = clips.slice(0, shown).map(({ name, detail }) => `${name}${detail ? `: ${detail}` : ''}`);
  const more = clips.length > shown ? [`and ${clips.length - shown} more (all are in the report: --out, --json)`] : [];
  return section(`failed with ${code}: ${clips.length}`, [...lines, ...more]);
}

function section(title: string, lines: string[]): string[] {
  return ['', title, ...lines.map((line) => `  ${line}`)];
}
