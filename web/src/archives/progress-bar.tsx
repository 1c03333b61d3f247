/** How far a batch is, by clips: what was heard in its colours, failures, and what is still to come. */
import type { BatchView } from '@timbre/shared/contracts/batch';
import { muteLabel, unknownLabel } from '../labels/palette.js';
import { hueOf } from '../labels/label-mark.js';
import { useColours, usePalette } from '../labels/use-palette.js';
import { count } from '../parts/figures.js';

export function ProgressBar({ batch }: { batch: BatchView }) {
  const colourOf = useColours();
  const palette = usePalette();
  const { clips, decisions } = batch;
  const total = Math.max(1, clips.total);
  const order = (name: string): number => (name === muteLabel ? 2 : name === unknownLabel ? 1 : 0);
  const heard = Object.entries(decisions).sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1));
  const decided = heard.reduce((sum, [, clipsOf]) => sum + clipsOf, 0);
  const rest = Math.max(0, clips.succeeded - decided);
  const done = clips.succeeded + clips.failed + clips.canceled;
  return (
    <span
      class="progress-bar"
      role="progressbar"
      aria-label={`Progress of ${batch.name}`}
      aria-valuemin={0}
      aria-valuemax={clips.total}
      aria-valuenow={done}
      aria-valuetext={`${count(done)} of ${count(clips.total)} clips`}
    >
      {heard.map(([label, clipsOf]) => (
        <span
          key={label}
          class={`score-fill pattern-${palette(label).pattern}`}
          title={`${label}: ${count(clipsOf)}`}
          style={{ ...hueOf(colourOf(label)), width: `${(100 * clipsOf) / total}%` }}
        />
      ))}
      {rest > 0 && <span class="progress-rest" style={{ width: `${(100 * rest) / total}%` }} />}
      {clips.failed > 0 && (
        <span
          class="progress-failed"
          title={`failed: ${count(clips.failed)}`}
          style={{ width: `${(100 * clips.failed) / total}%` }}
        />
      )}
    </span>
  );
}
