/** Figures of a card's evaluation sets, computed from their confusion matrices as `timbre evaluate` would. Pure. */
import type { ModelMetrics } from '@timbre/shared/contracts/model-card';
import { MUTE, UNKNOWN } from '@timbre/shared/results/expected-label';
import { isForeign } from '@timbre/shared/results/figures';
import { classFigures, type ClassFigures, type Confusion } from '@timbre/shared/results/confusion';
import { shareOf, type Share } from '@timbre/shared/results/share';

export interface SetFigures {
  set: string;
  clips: number;
  /** Label clips decided as their own label. */
  accuracy: Share;
  coverage: Share;
  accuracyWhereCovered: Share;
  /** Foreign clips answered with `unknown` or `mute`. */
  rejection: Share;
  classes: ClassFigures[];
  confusion: Confusion;
  expectedCalibrationError: number | undefined;
  note: string | undefined;
}

/** Undefined for a set without a confusion matrix. */
export function setFigures(metrics: ModelMetrics, labels: readonly string[]): SetFigures | undefined {
  const { set, clips, expectedCalibrationError, note } = metrics;
  const confusion = confusionOfCard(metrics, labels);
  if (!confusion) return undefined;
  const count = (rows: (name: string) => boolean, cells: (row: string, column: string) => boolean) =>
    sumWhere(confusion, (row, column) => rows(row) && cells(row, column));
  const ours = (name: string) => !isForeign(name);
  const total = count(ours, () => true);
  const covered = count(ours, (_row, column) => !isForeign(column));
  const right = count(ours, (row, column) => row === column);
  return {
    set,
    clips,
    accuracy: shareOf(right, total),
    coverage: shareOf(covered, total),
    accuracyWhereCovered: shareOf(right, covered),
    rejection: shareOf(
      count(isForeign, (_row, column) => isForeign(column)),
      count(isForeign, () => true),
    ),
    classes: classFigures(confusion),
    confusion,
    expectedCalibrationError,
    note,
  };
}

/** Rows without clips, and columns that are neither a row nor a decision made, are left out. */
function confusionOfCard({ confusion }: ModelMetrics, labels: readonly string[]): Confusion | undefined {
  if (!confusion) return undefined;
  const classes = [...labels, UNKNOWN, MUTE];
  const rows = confusion.flatMap((cells, index) => {
    const name = classes[index];
    return name !== undefined && cells.some((cell) => cell > 0) ? [{ name, cells }] : [];
  });
  const kept = classes.filter(
    (name, index) =>
      isForeign(name) || rows.some((row) => row.name === name) || rows.some((row) => (row.cells[index] ?? 0) > 0),
  );
  return {
    rows: rows.map(({ name }) => name),
    columns: kept,
    counts: rows.map(({ cells }) => kept.map((name) => cells[classes.indexOf(name)] ?? 0)),
  };
}

function sumWhere({ rows, columns, counts }: Confusion, holds: (row: string, column: string) => boolean): number {
  let sum = 0;
  for (const [row, rowName] of rows.entries())
    for (const [column, columnName] of columns.entries())
      if (holds(rowName, columnName)) sum += counts[row]?.[column] ?? 0;
  return sum;
}
