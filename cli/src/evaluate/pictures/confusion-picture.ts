/** A confusion matrix as a picture: rows are what clips are, columns what they were taken for. Pure. */
import { isForeign } from '@timbre/shared/results/figures';
import type { Confusion } from '@timbre/shared/results/confusion';
import { element, renderSvg, text } from './svg.js';

const CELL_WIDTH = 68;
const CELL_HEIGHT = 42;
const CHARACTER_WIDTH = 7.4;
const TITLE_CHARACTER_WIDTH = 9;
const LONGEST_NAME = 22;
/** From this shade on, text on a cell takes the colour of the page. */
const STRONG = 0.55;
const MARGIN = 16;

export function confusionPicture({ rows, columns, counts }: Confusion, title: string): string {
  const names = [...rows, ...columns].map(shorten);
  const longest = Math.max(0, ...names.map((name) => name.length)) * CHARACTER_WIDTH;
  const slanted = longest > CELL_WIDTH - 4;
  const left = MARGIN + Math.max(longest, 60) + 52;
  const top = 66 + (slanted ? longest * 0.72 : 16);
  const width = Math.max(
    left + columns.length * CELL_WIDTH + MARGIN + (slanted ? 30 : 0),
    title.length * TITLE_CHARACTER_WIDTH + 2 * MARGIN,
  );
  const height = top + rows.length * CELL_HEIGHT + MARGIN;
  const body = [
    text(title, MARGIN, 28, { class: 'title' }),
    text('taken for →', left, 50, { class: 'small soft' }),
    text('clips', left - 10, top - 8, { class: 'small soft', 'text-anchor': 'end' }),
    ...columns.map((name, column) => columnHead(name, left + (column + 0.5) * CELL_WIDTH, top - 8, slanted)),
  ];
  for (const [row, name] of rows.entries()) {
    const cells = counts[row] ?? [];
    const total = cells.reduce((a, b) => a + b, 0);
    const y = top + row * CELL_HEIGHT;
    body.push(text(shorten(name), MARGIN, y + CELL_HEIGHT / 2 + 5));
    body.push(text(String(total), left - 10, y + CELL_HEIGHT / 2 + 5, { class: 'soft', 'text-anchor': 'end' }));
    for (const [column, count] of cells.entries()) {
      const share = total === 0 ? 0 : count / total;
      body.push(
        ...cell({ x: left + column * CELL_WIDTH, y, count, share, right: isRight(name, columns[column] ?? '') }),
      );
    }
  }
  return renderSvg({ width, height, title, description: describe({ rows, columns, counts }), body });
}

/** A foreign clip is right as `unknown` and as `mute`. */
function isRight(truth: string, decision: string): boolean {
  return truth === decision || (isForeign(truth) && isForeign(decision));
}

function columnHead(name: string, x: number, y: number, slanted: boolean): string {
  const turn = slanted ? { transform: `rotate(-45 ${x.toFixed(1)} ${y.toFixed(1)})` } : { 'text-anchor': 'middle' };
  return text(shorten(name), x, y, turn);
}

interface Cell {
  x: number;
  y: number;
  count: number;
  /** Of the row. */
  share: number;
  right: boolean;
}

function cell({ x, y, count, share, right }: Cell): string[] {
  const box = { x: x + 1, y: y + 1, width: CELL_WIDTH - 2, height: CELL_HEIGHT - 2, rx: 3 };
  const frame = element('rect', { ...box, class: 'line' });
  if (count === 0) return [frame];
  // Mistakes are drawn stronger than their share, or the few that matter would not be seen.
  const shade = right ? share : Math.sqrt(share);
  const tone = shade >= STRONG ? { class: 'on' } : {};
  const small = shade >= STRONG ? 'small on' : 'small';
  const at = { 'text-anchor': 'middle' };
  return [
    element('rect', { ...box, class: right ? 'good' : 'bad', 'fill-opacity': 0.06 + 0.94 * shade }),
    frame,
    text(String(count), x + CELL_WIDTH / 2, y + 18, { ...at, ...tone }),
    text(`${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`, x + CELL_WIDTH / 2, y + 33, { ...at, class: small }),
  ];
}

function describe({ rows, columns, counts }: Confusion): string {
  return rows
    .map((name, row) => {
      const cells = columns.flatMap((column, index) => {
        const count = counts[row]?.[index] ?? 0;
        return count > 0 ? [`${count} as ${column}`] : [];
      });
      return `${name}: ${cells.join(', ') || 'none'}`;
    })
    .join('; ');
}

function shorten(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}
