/** How loud the microphone is just now, from −60 dBFS to full scale. */
import { useEffect, useRef } from 'preact/hooks';
import type { Levels } from './use-take.js';

const FLOOR_DB = -60;
const CLIPPING = 0.99;
/** Falls by this share of what is shown in each frame, so that the eye can follow. */
const FALL = 0.08;

export function LevelMeter({ levels, running }: { levels: Levels; running: boolean }) {
  const fill = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let frame = 0;
    let shown = 0;
    const paint = (): void => {
      const peak = running ? Math.max(0, ...levels.peaks.slice(-4)) : 0;
      const share = peak === 0 ? 0 : Math.max(0, Math.min(1, 1 - (20 * Math.log10(peak)) / FLOOR_DB));
      shown = Math.max(share, shown - FALL * shown);
      fill.current?.style.setProperty('width', `${(running ? shown : 0) * 100}%`);
      fill.current?.classList.toggle('is-clipping', peak >= CLIPPING);
      if (running) frame = requestAnimationFrame(paint);
    };
    paint();
    return () => cancelAnimationFrame(frame);
  }, [levels, running]);
  return (
    <div class="level" aria-hidden="true">
      <div class="level-fill" ref={fill} />
    </div>
  );
}
