/** The sound itself: mirrored bars, each in the colour of the instrument that was heard there. */
import { useCallback } from 'preact/hooks';
import type { Segment } from '@timbre/shared/contracts/job';
import { useColours } from '../labels/use-palette.js';
import type { Peaks } from '../sound/peaks.js';
import { Canvas, type Surface } from './canvas.js';

export interface WaveformProps {
  peaks: Peaks | undefined;
  segments: readonly Segment[];
  durationSeconds: number;
  label: string;
}

const BAR = 3;
const GAP = 1.5;

export function Waveform({ peaks, segments, durationSeconds, label }: WaveformProps) {
  const colourOf = useColours();
  const draw = useCallback(
    (surface: Surface) => drawBars(surface, { peaks, segments, durationSeconds, colourOf }),
    [peaks, segments, durationSeconds, colourOf],
  );
  return <Canvas class="waveform" draw={draw} label={label} />;
}

type Bars = Omit<WaveformProps, 'label'> & { colourOf: (label: string) => string };

function drawBars(
  { context, width, height, ink }: Surface,
  { peaks, segments, durationSeconds, colourOf }: Bars,
): void {
  const bars = Math.floor(width / (BAR + GAP));
  const middle = height / 2;
  const scale = peaks ? loudnessScale(peaks) : 1;
  for (let bar = 0; bar < bars; bar += 1) {
    const seconds = ((bar + 0.5) / bars) * durationSeconds;
    const segment = segmentAt(segments, seconds);
    const level = peaks ? levelAt(peaks, bar / bars, (bar + 1) / bars) : { peak: 0, rms: 0 };
    const x = bar * (BAR + GAP);
    context.fillStyle = segment ? colourOf(segment.label) : ink('--faint');
    for (const [value, alpha] of [
      [level.peak, 0.45],
      [level.rms, 1],
    ] as const) {
      const half = Math.max(1, value * scale * (middle - 4));
      context.globalAlpha = alpha;
      context.beginPath();
      context.roundRect(x, middle - half, BAR, half * 2, BAR / 2);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

/** Quiet recordings are drawn larger, at most tenfold, so that they can be seen. */
function loudnessScale({ peak }: Peaks): number {
  let loudest = 0;
  for (const value of peak) if (value > loudest) loudest = value;
  return Math.min(10, 1 / Math.max(loudest, 0.001));
}

function levelAt({ peak, rms }: Peaks, from: number, to: number): { peak: number; rms: number } {
  const first = Math.floor(from * peak.length);
  const last = Math.max(first + 1, Math.floor(to * peak.length));
  let [largest, energy] = [0, 0];
  for (let i = first; i < last; i += 1) {
    largest = Math.max(largest, peak[i] ?? 0);
    energy += (rms[i] ?? 0) ** 2;
  }
  return { peak: largest, rms: Math.sqrt(energy / (last - first)) };
}

export function segmentAt(segments: readonly Segment[], seconds: number): Segment | undefined {
  return segments.find(({ startSeconds, endSeconds }) => seconds >= startSeconds && seconds < endSeconds);
}
