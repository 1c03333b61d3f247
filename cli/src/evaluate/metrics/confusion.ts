/** Confusion matrix and the per-class figures that follow from it. Pure. */
import { MUTE, UNKNOWN } from '../judged-clip.js';

export interface Confusion {
  /** What clips are: labels with clips, then `unknown` and `mute` where there are such clips. */
  rows: string[];
  /** What they were taken for: all labels that are a row or were decided, then `unknown` and `mute`. */
  columns: string[];
  /** `[rows][columns]` */
  counts: number[][];
}

export interface ClassFigures {
  label: string;
  /** Clips that are of this class. */
  support: number;
  /** Share of the clips decided as this class that are; `null` when there are none. */
  precision: number | null;
  /** Share of the clips of this class that were decided so; `null` when there are none. */
  recall: number | null;
  f1: number | null;
}

interface Decided {
  truth: string;
  decision: string;
}

/** @param labels of the model: the order of rows and columns. Labels that neither occur nor were decided are left out. */
export function confusionOf(clips: readonly Decided[], labels: readonly string[]): Confusion {
  const classes = [...labels, UNKNOWN, MUTE];
  const rows = classes.filter((name) => clips.some(({ truth }) => truth === name));
  const decided = new Set(clips.map(({ decision }) => decision));
  const always = new Set([UNKNOWN, MUTE, ...rows]);
  const columns = classes.filter((name) => always.has(name) || decided.has(name));
  const counts = rows.map(() => columns.map(() => 0));
  for (const { truth, decision } of clips) {
    const row = counts[rows.indexOf(truth)];
    const column = columns.indexOf(decision);
    if (!row || column < 0) throw new Error(`${truth} or ${decision} is no class of this model`);
    row[column] = (row[column] ?? 0) + 1;
  }
  return { rows, columns, counts };
}

/** One row for every class of the matrix. Precision counts over all clips, foreign ones included. */
export function classFigures({ rows, columns, counts }: Confusion): ClassFigures[] {
  return columns
    .map((label, column) => {
      const row = counts[rows.indexOf(label)] ?? [];
      const support = sum(row);
      const decided = sum(counts.map((cells) => cells[column] ?? 0));
      const right = row[column] ?? 0;
      return {
        label,
        support,
        precision: ratio(right, decided),
        recall: ratio(right, support),
        f1: ratio(2 * right, support + decided),
      };
    })
    .filter(({ label, support, precision }) => support > 0 || (precision !== null && !isDecisionOnly(label)));
}

/** `unknown` and `mute` without such clips have no figures of their own: every one decided so is another class's miss. */
function isDecisionOnly(label: string): boolean {
  return label === UNKNOWN || label === MUTE;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
