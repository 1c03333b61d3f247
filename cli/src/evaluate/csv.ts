/** Reads comma-separated values (RFC 4180): quoted fields, doubled quotes, line breaks within quotes, CRLF or LF. Pure. */

/** @returns one record for each line under the header; short lines lack fields, empty lines are left out */
export function parseCsv(text: string): Record<string, string>[] {
  const [header = [], ...lines] = splitRecords(text.replace(/^\uFEFF/, ''));
  return lines.map((cells) =>
    Object.fromEntries(cells.flatMap((cell, index) => (header[index] === undefined ? [] : [[header[index], cell]]))),
  );
}

const PIECE = /"((?:[^"]|"")*)"|([^",\r\n]+)|(,)|(\r\n|\n|\r)/g;

function splitRecords(text: string): string[][] {
  const records: string[][] = [];
  let record = [''];
  const endRecord = (): void => {
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [''];
  };
  for (const [, quoted, plain, comma, lineEnd] of text.matchAll(PIECE)) {
    if (comma !== undefined) record.push('');
    else if (lineEnd !== undefined) endRecord();
    else record.push(`${record.pop() ?? ''}${quoted?.replaceAll('""', '"') ?? plain ?? ''}`);
  }
  endRecord();
  return records;
}
