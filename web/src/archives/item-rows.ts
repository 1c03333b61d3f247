/** Clips of a batch as rows of a table: only what the table shows, as there may be a hundred thousand of them. */
import type { ItemView } from '@timbre/shared/contracts/batch';
import { decidedName } from '../labels/palette.js';

export interface ItemRow {
  index: number;
  jobId: string;
  path: string;
  state: ItemView['state'];
  /** Label, `unknown` or `mute`. */
  name: string | undefined;
  confidence: number | undefined;
  seconds: number | undefined;
  code: string | undefined;
  expected: string | undefined;
}

export function rowOf({ index, jobId, path, state, result, clip, error, expected }: ItemView): ItemRow {
  return {
    index,
    jobId,
    path,
    state,
    name: result && decidedName(result),
    confidence: result?.confidence,
    seconds: clip.durationSeconds,
    code: error?.code,
    expected,
  };
}

export interface RowFilter {
  /** Part of the path. */
  text: string;
  /** A label, `unknown`, `mute`, an error code, or a state. */
  kind: string;
}

export type SortColumn = 'index' | 'path' | 'name' | 'confidence' | 'seconds';
export interface Sorting {
  column: SortColumn;
  descending: boolean;
}

export function matches(row: ItemRow, { text, kind }: RowFilter): boolean {
  if (kind !== '' && row.name !== kind && row.code !== kind && row.state !== kind) return false;
  return text === '' || row.path.toLowerCase().includes(text.toLowerCase());
}

/** Rows without a value come last in either direction; equal rows keep the order of the batch. */
export function arrange(rows: readonly ItemRow[], filter: RowFilter, { column, descending }: Sorting): ItemRow[] {
  const isOpen = filter.text === '' && filter.kind === '';
  const found = isOpen ? [...rows] : rows.filter((row) => matches(row, filter));
  if (column === 'index') return descending ? found.reverse() : found;
  const sign = descending ? -1 : 1;
  return found.sort((a, b) => {
    const [left, right] = [a[column], b[column]];
    if (left === right) return a.index - b.index;
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    return left < right ? -sign : sign;
  });
}
