/** The segments of a clip as one short line of text. */
import type { Segment } from '@timbre/shared/contracts/job';

/** `violin 0.0-6.0s · mute 6.0-7.2s`; what does not fit in `width` characters becomes `· +3 more`. */
export function renderTimeline(segments: Segment[], width: number): string {
  const parts = segments.map(
    ({ label, startSeconds, endSeconds }) => `${label} ${startSeconds.toFixed(1)}-${endSeconds.toFixed(1)}s`,
  );
  for (let shown = parts.length; shown > 0; shown--) {
    const hidden = parts.length - shown;
    const line = [...parts.slice(0, shown), ...(hidden > 0 ? [`+${hidden} more`] : [])].join(' · ');
    if (line.length <= width || shown === 1) return line;
  }
  return '';
}
