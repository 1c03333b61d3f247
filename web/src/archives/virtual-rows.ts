/** Which rows of a long list stand in the view: only these are in the document, so its length costs nothing. */

export interface Viewport {
  /** Pixels scrolled, and pixels seen. */
  top: number;
  height: number;
}

export interface RowRange {
  first: number;
  /** Exclusive. */
  last: number;
  /** At least as many as any range of this viewport has rows. */
  pool: number;
}

/** Rows made beyond the edges, so that scrolling meets them ready. */
const MARGIN = 6;
/** The range moves in steps, so that most scroll events change nothing. */
const STEP = 4;

export function rowsInView({ top, height }: Viewport, rowHeight: number, count: number): RowRange {
  const seen = Math.floor(top / rowHeight / STEP) * STEP;
  const rows = Math.ceil(height / rowHeight) + STEP;
  const last = Math.max(0, Math.min(count, seen + rows + MARGIN));
  return { first: Math.max(0, Math.min(seen - MARGIN, last)), last, pool: rows + 2 * MARGIN };
}

/**
 * Names the element that shows a row: what leaves at one edge is used again at the other, not made anew. Never the same for
 * two rows of one range.
 */
export const rowKey = (position: number, { pool }: RowRange): number => position % pool;
