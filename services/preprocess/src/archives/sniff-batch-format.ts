/** What the source of a batch is, by its first bytes. Names and content types are the sender's opinion and are never asked. */
import { createGunzip } from 'node:zlib';
import type { BatchFormat } from '@timbre/shared/contracts/batch';
import { AppError } from '@timbre/shared/errors';
import type { ByteSource } from './byte-source.js';
import { inflateChunks } from './inflate-chunks.js';
import { readCsvHeader } from './manifest/csv-header.js';
import { nestedArchiveKind } from './nested-archive.js';
import { isZeroBlock, parseTarHeader, BLOCK_BYTES } from './tar/tar-header.js';
import { isZlibError } from './zlib-error.js';

const HEAD_BYTES = 64 * 1024;
/** A local header; the end of a directory without entries; a zip meant for several disks that fitted on one. */
const ZIP_MARKS = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08', 'PK00PK\x03\x04'];
const GZIP_MARK = '\x1f\x8b\x08';

/** @throws AppError `archive_unrecognized`, with what it looks like instead */
export async function sniffBatchFormat(source: ByteSource): Promise<BatchFormat> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.bytes));
  if (head.length === 0) throw unrecognized('It is empty.');
  const start = head.toString('latin1', 0, 8);
  if (ZIP_MARKS.some((mark) => start.startsWith(mark))) return 'zip';
  if (start.startsWith(GZIP_MARK)) {
    if (isTar(await inflateHead(head))) return 'tar.gz';
    throw unrecognized('It is a gzip of something else than a tar.');
  }
  if (isTar(head)) return 'tar';
  const kind = nestedArchiveKind(head);
  if (kind !== undefined) throw unrecognized(`It is a ${kind} archive.`);
  return textFormat(head);
}

function isTar(head: Buffer): boolean {
  const block = head.subarray(0, BLOCK_BYTES);
  return parseTarHeader(block) !== undefined || (block.length === BLOCK_BYTES && isZeroBlock(block));
}

/** The first block of what is gzipped, as far as it comes. */
async function inflateHead(head: Buffer): Promise<Buffer> {
  let inflated = Buffer.alloc(0);
  try {
    // A few KiB give the first block; what an engine makes of more is dropped.
    for await (const chunk of inflateChunks(createGunzip(), once(head.subarray(0, 8 * 1024)))) {
      inflated = Buffer.concat([inflated, chunk]);
      if (inflated.length >= BLOCK_BYTES) break;
    }
  } catch (error) {
    // The head was cut by us, so an early end is no damage; what came before it counts.
    if (!isZlibError(error)) throw error;
  }
  return inflated;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield await Promise.resolve(bytes);
}

function textFormat(head: Buffer): BatchFormat {
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  if (/[\0-\x08\x0e-\x1f]/.test(text.slice(0, 1024))) throw unrecognized('Its content is none of the formats we know.');
  const [first = ''] = text.trimStart().split(/\r?\n/, 1);
  if (first.startsWith('{')) return 'jsonl';
  if (first.startsWith('[')) throw unrecognized('Write one JSON object a line, without the list around them.');
  if (readCsvHeader(first)) return 'csv';
  throw unrecognized('It is text whose first line names no column `uri` or `sha256`.');
}

function unrecognized(what: string): AppError {
  return new AppError('archive_unrecognized', { detail: `The source is not an archive or manifest we know. ${what}` });
}
