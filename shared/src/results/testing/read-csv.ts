/** A second opinion on CSV, after the grammar of RFC 4180: every record ends with CRLF. */
export function readCsv(text: string): Record<string, string>[] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    const { field, end } = text[at] === '"' ? quotedField(text, at) : plainField(text, at);
    record.push(field);
    if (text.startsWith('\r\n', end)) {
      records.push(record);
      record = [];
      at = end + 2;
    } else if (text[end] === ',') at = end + 1;
    else throw new Error(`neither comma nor line end at ${end}`);
  }
  const [header = [], ...rows] = records;
  return rows.map((cells) => {
    if (cells.length !== header.length) throw new Error('a record of another length');
    return Object.fromEntries(header.map((name, column) => [name, cells[column] ?? '']));
  });
}

function plainField(text: string, start: number) {
  let end = start;
  while (end < text.length && text[end] !== ',' && !text.startsWith('\r\n', end)) {
    if (text[end] === '"') throw new Error(`a quote within a plain field at ${end}`);
    end++;
  }
  return { field: text.slice(start, end), end };
}

function quotedField(text: string, start: number) {
  let field = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') field += text[at] ?? '';
    else if (text[at + 1] === '"') {
      field += '"';
      at++;
    } else return { field, end: at + 1 };
  }
  throw new Error('a quote is not closed');
}
