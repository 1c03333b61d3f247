/** Precision, recall and F1 of each label. */
import type { EvaluationView } from '@timbre/shared/contracts/evaluation';
import { LabelMark } from '../labels/label-mark.js';
import { count, percent } from '../parts/figures.js';

const share = (value: number | null): string => (value === null ? '–' : percent(value, 1));

export function ClassTable({ classes }: { classes: EvaluationView['figures']['classes'] }) {
  return (
    <table class="class-table">
      <thead>
        <tr>
          <th scope="col">Instrument</th>
          <th scope="col">Clips</th>
          <th scope="col">Precision</th>
          <th scope="col">Recall</th>
          <th scope="col">F1</th>
        </tr>
      </thead>
      <tbody>
        {classes.map(({ label, support, precision, recall, f1 }) => (
          <tr key={label}>
            <th scope="row">
              <LabelMark label={label} />
            </th>
            <td class="figure">{count(support)}</td>
            <td class="figure">{share(precision)}</td>
            <td class="figure">{share(recall)}</td>
            <td class="figure">{share(f1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
