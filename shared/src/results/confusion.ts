/** Confusion matrix and the per-class figures that follow from it. Pure. */
import { MUTE, UNKNOWN } from './expected-label.js';

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

/**
 * Counts clips as they come; memory grows with the pairs that occur, not with the clips.
 * @param labels of the model: the order of rows and columns. Labels that neither occur nor were decided are left out.
 */
export class ConfusionCounter {
  readonly #classes: string[];
  readonly #pairs = new Map<string, Map<string, number>>();

  constructor(labels: readonly string[]) {
    this.#classes = [...labels, UNKNOWN, MUTE];
  }

  /** @throws Error when one of the two is no class of the model */
  add({ truth, decision }: Decided): void {
    if (!this.#classes.includes(truth) || !this.#classes.includes(decision))
      throw new Error(`${truth} or ${decision} is no class of this model`);
    const row = this.#pairs.get(truth) ?? new Map<string, number>();
    row.set(decision, (row.get(decision) ?? 0) + 1);
    this.#pairs.set(truth, row);
  }

  matrix(): Confusion {
    const rows = this.#classes.filter((name) => this.#pairs.has(name));
    const decided = [...this.#pairs.values()].flatMap((row) => [...row.keys()]);
    const shown = new Set([UNKNOWN, MUTE, ...rows, ...decided]);
    const columns = this.#classes.filter((name) => shown.has(name));
    const counts = rows.map((truth) => columns.map((decision) => this.#pairs.get(truth)?.get(decision) ?? 0));
    return { rows, columns, counts };
  }
}

export function confusionOf(clips: readonly Decided[], labels: readonly string[]): Confusion {
  const counter = new ConfusionCounter(labels);
  for (const clip of clips) counter.add(clip);
  return counter.matrix();
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
