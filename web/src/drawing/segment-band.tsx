/** The timeline in blocks: colour, pattern and name of each segment. A list for those who read it aloud. */
import type { Segment } from '@timbre/shared/contracts/job';
import { hueOf } from '../labels/label-mark.js';
import { useColours, usePalette } from '../labels/use-palette.js';
import { clock, percent } from '../parts/figures.js';

export interface SegmentBandProps {
  segments: readonly Segment[];
  durationSeconds: number;
  name: string;
  /** A block was chosen: its start. */
  onSeek?: ((seconds: number) => void) | undefined;
}

export function SegmentBand({ segments, durationSeconds, name, onSeek }: SegmentBandProps) {
  const colourOf = useColours();
  const palette = usePalette();
  return (
    <ol class="segment-band" aria-label={name}>
      {segments.map(({ startSeconds, endSeconds, label, confidence }) => {
        const words = `${label}, ${clock(startSeconds)} to ${clock(endSeconds)}, confidence ${percent(confidence)}`;
        return (
          <li
            key={startSeconds}
            class={`segment pattern-${palette(label).pattern}`}
            style={{
              ...hueOf(colourOf(label)),
              left: `${(100 * startSeconds) / durationSeconds}%`,
              width: `${(100 * (Math.min(endSeconds, durationSeconds) - startSeconds)) / durationSeconds}%`,
            }}
          >
            <button
              type="button"
              title={words}
              aria-label={words}
              disabled={!onSeek}
              onClick={() => onSeek?.(startSeconds)}
            >
              <span>{label}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
