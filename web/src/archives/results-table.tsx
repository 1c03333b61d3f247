/** The clips of a batch: as many rows as there are, of which those in view are in the document. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { count } from '../parts/figures.js';
import { ProblemNote } from '../parts/problem.js';
import { CorrectionExport, useCorrections, type Corrections } from './corrections.js';
import { arrange, type ItemRow, type RowFilter, type SortColumn, type Sorting } from './item-rows.js';
import { useItemPlayer, type ItemPlayer } from './item-player.js';
import { ROW_HEIGHT, TableRow } from './table-row.js';
import { useItems } from './use-items.js';
import { rowKey, rowsInView, type RowRange } from './virtual-rows.js';

const columns: readonly (readonly [column: SortColumn, title: string])[] = [
  ['path', 'Clip'],
  ['name', 'Heard'],
  ['confidence', 'Confidence'],
  ['seconds', 'Length'],
];

export interface ResultsTableProps {
  batch: BatchView;
  /** Labels a clip can be corrected to. */
  labels: readonly string[];
  /** A code or label chosen elsewhere on the page. */
  kind: string;
  onKind: (kind: string) => void;
}

export function ResultsTable({ batch, labels, kind, onKind }: ResultsTableProps) {
  const { rows, complete, problem } = useItems(batch);
  const [text, setText] = useState('');
  const [sorting, setSorting] = useState<Sorting>({ column: 'index', descending: false });
  const shown = useMemo(() => arrange(rows, { text, kind }, sorting), [rows, text, kind, sorting]);
  const corrections = useCorrections(batch.id);
  const player = useItemPlayer();
  return (
    <section class="results" aria-labelledby="results-title">
      <header class="results-bar">
        <h2 id="results-title">Clips</h2>
        <Filters filter={{ text, kind }} rows={rows} onText={setText} onKind={onKind} />
        <p class="soft figure" role="status">
          {shown.length === rows.length ? count(rows.length) : `${count(shown.length)} of ${count(rows.length)}`}
          {!complete &&
            rows.length < batch.clips.total &&
            ` loaded of ${count(batch.clips.total)}; sorted and filtered are these`}
        </p>
      </header>
      {problem && <ProblemNote problem={problem} />}
      {shown.length === 0 ? (
        <p class="table-empty">{complete || rows.length > 0 ? 'Nothing here matches.' : 'Fetching the clips…'}</p>
      ) : (
        <RowWindow rows={shown} sorting={sorting} onSort={setSorting} {...{ corrections, player, labels }} />
      )}
      <CorrectionExport corrections={corrections} rows={rows} />
      {player.element}
    </section>
  );
}

interface FiltersProps {
  filter: RowFilter;
  rows: readonly ItemRow[];
  onText: (text: string) => void;
  onKind: (kind: string) => void;
}

function Filters({ filter, rows, onText, onKind }: FiltersProps) {
  const kinds = useMemo(() => {
    const found = new Set<string>();
    for (const { name, code, state } of rows) found.add(name ?? code ?? state);
    return [...found].sort();
  }, [rows]);
  return (
    <>
      <input
        type="search"
        aria-label="Filter by name"
        placeholder="Filter by name"
        value={filter.text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <select aria-label="Filter by result" value={filter.kind} onChange={(event) => onKind(event.currentTarget.value)}>
        <option value="">every result</option>
        {filter.kind !== '' && !kinds.includes(filter.kind) && <option value={filter.kind}>{filter.kind}</option>}
        {kinds.map((kind) => (
          <option key={kind} value={kind}>
            {kind}
          </option>
        ))}
      </select>
    </>
  );
}

interface RowWindowProps {
  rows: readonly ItemRow[];
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  corrections: Corrections;
  player: ItemPlayer;
  labels: readonly string[];
}

function RowWindow({ rows, sorting, onSort, corrections, player, labels }: RowWindowProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<RowRange>({ first: 0, last: 40, pool: 40 });
  const measure = useCallback(() => {
    const element = frame.current;
    if (!element) return;
    const next = rowsInView({ top: element.scrollTop, height: element.clientHeight }, ROW_HEIGHT, rows.length);
    setRange((old) => (old.first === next.first && old.last === next.last && old.pool === next.pool ? old : next));
  }, [rows.length]);
  useEffect(() => {
    measure();
    const watch = new ResizeObserver(measure);
    if (frame.current) watch.observe(frame.current);
    return () => watch.disconnect();
  }, [measure]);
  return (
    <div class="table" role="table" aria-label="Clips of the batch" aria-rowcount={rows.length + 1}>
      <div class="table-head" role="row" aria-rowindex={1}>
        <span role="columnheader" class="visually-hidden">
          Play
        </span>
        {columns.map(([column, title]) => (
          <SortHeader key={column} {...{ column, title, sorting, onSort }} />
        ))}
        <span role="columnheader" class="column-right">
          Should be
        </span>
      </div>
      <div
        class="table-frame"
        ref={frame}
        tabIndex={0}
        role="rowgroup"
        aria-label="Rows; scroll with the arrow keys"
        onScroll={measure}
        style={{ '--rows-height': `${rows.length * ROW_HEIGHT + 2}px` }}
      >
        <div class="table-body" role="presentation" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
          {rows.slice(range.first, range.last).map((row, offset) => {
            const position = range.first + offset;
            return (
              <TableRow
                key={rowKey(position, range)}
                row={row}
                position={position}
                playing={player.playing === row.jobId}
                corrected={corrections.labels[row.index] ?? row.expected ?? ''}
                labels={labels}
                onPlay={player.toggle}
                onCorrect={corrections.correct}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface SortHeaderProps extends Pick<RowWindowProps, 'sorting' | 'onSort'> {
  column: SortColumn;
  title: string;
}

function SortHeader({ column, title, sorting, onSort }: SortHeaderProps) {
  const active = sorting.column === column;
  const next: Sorting = !active
    ? { column, descending: false }
    : sorting.descending
      ? { column: 'index', descending: false }
      : { column, descending: true };
  return (
    <span
      role="columnheader"
      class={`column-${column}`}
      aria-sort={active ? (sorting.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => onSort(next)}>
        {title}
        <span aria-hidden="true">{active ? (sorting.descending ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </span>
  );
}
