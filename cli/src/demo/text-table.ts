/** Aligned columns of text. */

export interface Column<Row> {
  title: string;
  align?: 'left' | 'right';
  cell: (row: Row) => string;
  /** Longer cells are cut in the middle, which keeps the ends of file names. */
  maxWidth?: number;
}

const GAP = '  ';

/** @returns lines without trailing spaces: the head, a rule, one line a row */
export function renderTable<Row>(columns: Column<Row>[], rows: Row[]): string[] {
  const grid = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell, maxWidth }) => shorten(cell(row), maxWidth))),
  ];
  const widths = columns.map((_, index) => Math.max(...grid.map((cells) => textWidth(cells[index] ?? ''))));
  const line = (cells: string[]) =>
    cells
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align ?? 'left'))
      .join(GAP)
      .trimEnd();
  const [head = [], ...body] = grid;
  return [line(head), widths.map((width) => '─'.repeat(width)).join(GAP), ...body.map(line)];
}

function shorten(text: string, maxWidth = Infinity): string {
  const characters = splitCharacters(text);
  if (characters.length <= maxWidth) return text;
  const tail = Math.ceil((maxWidth - 1) / 2);
  return [...characters.slice(0, maxWidth - 1 - tail), '…', ...characters.slice(characters.length - tail)].join('');
}

function textWidth(text: string): number {
  return splitCharacters(text).length;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function splitCharacters(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(width - textWidth(text));
  return align === 'left' ? text + space : space + text;
}
