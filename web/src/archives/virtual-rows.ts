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
}

/** Rows made beyond the edges, so that scrolling meets them ready. */
const MARGIN = 12;
/** The range moves in steps, so that most scroll events change nothing. */
const STEP = 6;

export function rowsInView({ top, height }: Viewport, rowHeight: number, count: number): RowRange {
  const seen = Math.floor(top / rowHeight / STEP) * STEP;
  const first = Math.max(0, Math.min(seen - MARGIN, count - 1));
  const last = Math.min(count, seen + Math.ceil(height / rowHeight) + STEP + MARGIN);
  return { first: Math.min(first, last), last };
}

/** More than rows are ever in view at once. */
const KEYS = 256;

/** The same for rows far apart: what leaves at one edge is used again at the other, not made anew. */
export const rowKey = (position: number): number => position % KEYS;
