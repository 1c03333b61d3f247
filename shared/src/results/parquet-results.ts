/**
 * Parquet: the columns of the CSV, and the segments as a list of structures. Written one row group at a time, so memory is
 * that of a row group; each is small because it is encoded in one go, on the event loop.
 */
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import type { ItemResult } from '../contracts/batch.js';
import { version } from '../version.js';
import { resultColumns, type Cell, type ColumnType, type ResultContext } from './result-columns.js';

/** A row group ends at whichever comes first: some 30 ms of work with four labels. */
const maxRows = 2_000;
const maxSegments = 20_000;

const segmentFields = [
  { name: 'startSeconds', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'endSeconds', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'confidence', type: 'DOUBLE', repetition_type: 'REQUIRED' },
] as const satisfies SchemaElement[];

const segmentList: SchemaElement[] = [
  { name: 'segments', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'REQUIRED', num_children: segmentFields.length },
  ...segmentFields,
];

const physical: Record<ColumnType, Pick<SchemaElement, 'type' | 'converted_type'>> = {
  STRING: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  DOUBLE: { type: 'DOUBLE' },
  INT32: { type: 'INT32' },
  INT64: { type: 'INT64' },
  BOOLEAN: { type: 'BOOLEAN' },
  TIMESTAMP: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
};

export async function* parquetResults(
  items: AsyncIterable<ItemResult>,
  context: ResultContext,
): AsyncGenerator<Buffer, void, void> {
  const columns = resultColumns(context);
  const writer = new ByteWriter();
  const flat = columns.map(({ name, type }): SchemaElement => ({
    name,
    repetition_type: 'OPTIONAL',
    ...physical[type],
  }));
  const schema: SchemaElement[] = [{ name: 'root', num_children: flat.length + 1 }, ...flat, ...segmentList];
  const file = new ParquetWriter({ writer, schema, createdBy: `timbre version ${version}` });

  let group = emptyGroup(columns.length);
  for await (const item of items) {
    columns.forEach(({ cellOf, type }, at) => group.cells[at]?.push(parquetValue(cellOf(item), type)));
    const segments = item.result?.segments ?? null;
    group.segments.push(segments);
    group.segmentCount += segments?.length ?? 0;
    if (group.segments.length < maxRows && group.segmentCount < maxSegments) continue;
    writeGroup(file, columns, group);
    yield taken(writer);
    group = emptyGroup(columns.length);
  }
  if (group.segments.length > 0) writeGroup(file, columns, group);
  void file.finish();
  yield taken(writer);
}

interface RowGroup {
  /** `[columns][rows]` */
  cells: unknown[][];
  segments: (NonNullable<ItemResult['result']>['segments'] | null)[];
  segmentCount: number;
}

function emptyGroup(columns: number): RowGroup {
  return { cells: Array.from({ length: columns }, () => []), segments: [], segmentCount: 0 };
}

function writeGroup(file: ParquetWriter, columns: readonly { name: string }[], { cells, segments }: RowGroup): void {
  const columnData: ColumnSource[] = columns.map(({ name }, at) => ({
    name,
    data: cells[at] ?? [],
    offsetIndex: false,
  }));
  columnData.push({ name: 'segments', data: segments, offsetIndex: false });
  void file.write({ columnData, rowGroupSize: segments.length });
}

function parquetValue(cell: Cell, type: ColumnType): unknown {
  if (cell === undefined) return null;
  return type === 'INT64' && typeof cell === 'number' ? BigInt(cell) : cell;
}

/** What was written since the last call, as a copy; the writer goes on counting offsets from the start of the file. */
function taken(writer: ByteWriter): Buffer {
  const bytes = Buffer.from(writer.getBytes().slice().buffer);
  writer.index = 0;
  return bytes;
}
