/** The last half minute, running from right to left: how loud it was, in the colour of what was heard. */
import { useEffect, useRef } from 'preact/hooks';
import { surfaceOf, type Surface } from '../drawing/canvas.js';
import { decidedName } from '../labels/palette.js';
import { useColours } from '../labels/use-palette.js';
import { useTheme } from '../shell/theme.js';
import type { HeardWindow, TakeView } from './take.js';
import type { Levels } from './use-take.js';

const SHOWN_SECONDS = 30;
const BAR = 3;
const GAP = 1.5;

export interface LiveTimelineProps {
  view: TakeView | undefined;
  levels: Levels;
  running: boolean;
}

export function LiveTimeline({ view, levels, running }: LiveTimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colourOf = useColours();
  const theme = useTheme();
  useEffect(() => {
    let frame = 0;
    const paint = (): void => {
      const surface = canvas.current && surfaceOf(canvas.current, theme);
      if (surface) drawTimeline(surface, { view, levels, colourOf });
      if (running) frame = requestAnimationFrame(paint);
    };
    paint();
    return () => cancelAnimationFrame(frame);
  }, [view, levels, running, colourOf, theme]);
  return (
    <canvas
      ref={canvas}
      class="live-timeline"
      role="img"
      aria-label="Loudness and instruments of the last 30 seconds"
    />
  );
}

interface Drawn extends Omit<LiveTimelineProps, 'running'> {
  colourOf: (label: string) => string;
}

function drawTimeline({ context, width, height, ink }: Surface, { view, levels, colourOf }: Drawn): void {
  const { peaks, pieceSeconds, droppedSeconds } = levels;
  const nowSeconds = droppedSeconds + peaks.length * pieceSeconds;
  const step = BAR + GAP;
  const bars = Math.floor(width / step);
  const secondsPerBar = SHOWN_SECONDS / bars;
  // Bars stand on a grid of the take's time, so that they do not flicker as it moves.
  const lastBar = Math.floor(nowSeconds / secondsPerBar);
  const shift = (nowSeconds / secondsPerBar - lastBar) * step;
  const band = 14;
  const middle = (height - band) / 2;
  for (let back = 0; back < bars; back += 1) {
    const bar = lastBar - 1 - back;
    const x = width - (back + 1) * step - shift;
    const seconds = bar * secondsPerBar;
    const window = bar < 0 ? undefined : windowAt(view, seconds + secondsPerBar / 2);
    const peak = bar < 0 ? 0 : peakBetween(levels, seconds, seconds + secondsPerBar);
    const half = Math.max(1, Math.min(1, Math.sqrt(peak)) * (middle - 4));
    context.fillStyle = window ? colourOf(decidedName(window)) : ink('--faint');
    context.beginPath();
    context.roundRect(x, middle - half, BAR, half * 2, BAR / 2);
    context.fill();
    if (window) context.fillRect(Math.floor(x), height - band + 4, Math.ceil(step) + 1, band - 4);
  }
}

/** Windows overlap: what stands for a moment is the first one whose last hop covers it. */
function windowAt(view: TakeView | undefined, seconds: number): HeardWindow | undefined {
  if (!view) return undefined;
  for (let i = view.windows.length - 1; i >= 0; i -= 1) {
    const window = view.windows[i];
    if (
      window &&
      seconds < window.endSeconds &&
      seconds >= Math.max(window.startSeconds, window.endSeconds - 2 * view.hopSeconds)
    ) {
      const earlier = view.windows[i - 1];
      if (earlier && seconds < earlier.endSeconds) continue;
      return window;
    }
    if (window && window.endSeconds < seconds) return undefined;
  }
  return undefined;
}

function peakBetween({ peaks, pieceSeconds, droppedSeconds }: Levels, from: number, to: number): number {
  const first = Math.max(0, Math.floor((from - droppedSeconds) / pieceSeconds));
  const last = Math.min(peaks.length, Math.max(first + 1, Math.floor((to - droppedSeconds) / pieceSeconds)));
  let largest = 0;
  for (let i = first; i < last; i += 1) largest = Math.max(largest, peaks[i] ?? 0);
  return largest;
}
