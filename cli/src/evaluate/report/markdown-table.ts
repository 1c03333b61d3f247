/** A table in GitHub-flavoured Markdown. Pure. */

export interface MarkdownColumn<Row> {
  title: string;
  align?: 'left' | 'right';
  cell: (row: Row) => string;
}

export function markdownTable<Row>(columns: MarkdownColumn<Row>[], rows: readonly Row[]): string[] {
  const line = (cells: string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    `| ${columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ];
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}
