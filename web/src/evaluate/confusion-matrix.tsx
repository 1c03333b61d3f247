/** Rows: what clips are; columns: what they were taken for. The fuller a cell, the larger its share of the row. */
import type { EvaluationView } from '@timbre/shared/contracts/evaluation';
import { hueOf, LabelMark } from '../labels/label-mark.js';
import { useColours } from '../labels/use-palette.js';
import { count, percent } from '../parts/figures.js';

export function ConfusionMatrix({ confusion }: { confusion: EvaluationView['figures']['confusion'] }) {
  const colourOf = useColours();
  const { rows, columns, counts } = confusion;
  return (
    <div class="matrix-frame" tabIndex={0} role="region" aria-label="Confusion matrix">
      <table class="matrix">
        <caption class="visually-hidden">Rows are what the clips are, columns what they were taken for.</caption>
        <thead>
          <tr>
            <td />
            {columns.map((label) => (
              <th key={label} scope="col">
                <LabelMark label={label} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((label, r) => {
            const sum = (counts[r] ?? []).reduce((all, value) => all + value, 0);
            return (
              <tr key={label}>
                <th scope="row">
                  <LabelMark label={label} />
                </th>
                {columns.map((column, c) => {
                  const value = counts[r]?.[c] ?? 0;
                  const share = sum === 0 ? 0 : value / sum;
                  return (
                    <td
                      key={column}
                      class={`figure ${column === label ? 'is-right' : ''} ${value === 0 ? 'is-zero' : ''}`}
                      title={`${label} taken for ${column}: ${percent(share)}`}
                      style={{ ...hueOf(colourOf(column)), '--share': `${Math.round(share * 55)}%` }}
                    >
                      {count(value)}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
