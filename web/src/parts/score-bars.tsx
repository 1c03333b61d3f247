/** Scores as bars, best first. */
import { hueOf, LabelMark } from '../labels/label-mark.js';
import { useColours, usePalette } from '../labels/use-palette.js';
import { percent } from './figures.js';

export function ScoreBars({ scores, name }: { scores: Record<string, number>; name: string }) {
  const colourOf = useColours();
  const palette = usePalette();
  const rows = Object.entries(scores).sort(([, a], [, b]) => b - a);
  return (
    <ol class="score-bars" aria-label={name}>
      {rows.map(([label, score]) => (
        <li key={label}>
          <LabelMark label={label} />
          <span class="score-track" aria-hidden="true">
            <span
              class={`score-fill pattern-${palette(label).pattern}`}
              style={{ ...hueOf(colourOf(label)), width: `${Math.max(0.5, score * 100)}%` }}
            />
          </span>
          <span class="figure">{percent(score, 1)}</span>
        </li>
      ))}
    </ol>
  );
}
