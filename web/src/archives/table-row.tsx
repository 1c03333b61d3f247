/** One row of the table of results. Drawn again only when what it shows has changed: a scroll moves hundreds of them. */
import { Component } from 'preact';
import { LabelMark } from '../labels/label-mark.js';
import { clock, percent } from '../parts/figures.js';
import { linkTo } from '../shell/route.js';
import type { ItemRow } from './item-rows.js';

export const ROW_HEIGHT = 38;

export interface TableRowProps {
  row: ItemRow;
  /** Among the rows that are shown, from 0. */
  position: number;
  playing: boolean;
  /** What a person says it is; empty when nobody did. */
  corrected: string;
  labels: readonly string[];
  onPlay: (jobId: string) => void;
  onCorrect: (index: number, label: string) => void;
}

export class TableRow extends Component<TableRowProps> {
  override shouldComponentUpdate(next: TableRowProps): boolean {
    const now = this.props;
    return (Object.keys(next) as (keyof TableRowProps)[]).some((name) => next[name] !== now[name]);
  }

  override render({ row, position, playing, corrected, labels, onPlay, onCorrect }: TableRowProps) {
    return (
      <div
        class="row"
        role="row"
        aria-rowindex={position + 2}
        style={{ transform: `translateY(${position * ROW_HEIGHT}px)` }}
      >
        <span role="cell">
          <button
            type="button"
            class="row-play"
            aria-label={`${playing ? 'Stop' : 'Play'} ${row.path}`}
            onClick={() => onPlay(row.jobId)}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d={playing ? 'M7 7h10v10H7z' : 'M8 5v14l11-7z'} />
            </svg>
          </button>
        </span>
        <span role="cell" class="row-path">
          <a href={linkTo({ view: 'classify', id: row.jobId })} title={row.path}>
            {row.path}
          </a>
        </span>
        <span role="cell" class="row-name">
          {row.name === undefined ? (
            <span class={row.code ? 'is-failed' : 'soft'}>{row.code ?? stateOfRow(row)}</span>
          ) : (
            <LabelMark label={row.name} />
          )}
        </span>
        <span role="cell" class="figure column-confidence">
          {row.confidence === undefined ? '' : percent(row.confidence)}
        </span>
        <span role="cell" class="figure column-seconds">
          {row.seconds === undefined ? '' : clock(row.seconds)}
        </span>
        <span role="cell" class="column-right">
          <select
            aria-label={`Right label of ${row.path}`}
            value={corrected}
            onChange={(event) => onCorrect(row.index, event.currentTarget.value)}
          >
            <option value="">–</option>
            {(labels.includes(corrected) || corrected === '' ? labels : [...labels, corrected]).map((label) => (
              <option key={label} value={label}>
                {label}
              </option>
            ))}
          </select>
        </span>
      </div>
    );
  }
}

/** Only a check ends clips without a result. */
const stateOfRow = ({ state }: ItemRow): string => (state === 'succeeded' ? 'can be read' : state);
