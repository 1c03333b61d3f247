/** One entry of a zip by its two headers: the record of the directory, and the local one before its content. */
import { isUtf8 } from 'node:buffer';
import { AppError } from '@timbre/shared/errors';
import yauzl from 'yauzl';
import type { SourceWindows } from '../source-windows.js';
import type { ZipEntry } from './zip-directory.js';

const LOCAL_HEADER_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;
export const STORED = 0;
const DEFLATED = 8;
/** Bits 0 and 6 of the general purpose flag; AES has a method of its own. */
const ENCRYPTED_FLAGS = 0x41;
const AES_METHOD = 99;
/** Hosts of `version made by` whose attributes hold a Unix mode: Unix and macOS. */
const UNIX_HOSTS = [3, 19];
const FILE_TYPE = 0o170000;
const FOLDER_TYPE = 0o040000;
const REGULAR_TYPES = [0, 0o100000];

/** The name as it was meant: many packers write UTF-8 without saying so, which is no valid CP437 text by chance. */
export function zipEntryName(entry: ZipEntry): string {
  const raw = entry.fileNameRaw;
  if (isUtf8(raw)) return raw.toString('utf8');
  return yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false);
}

const unixType = (entry: ZipEntry) =>
  UNIX_HOSTS.includes(entry.versionMadeBy >>> 8) ? (entry.externalFileAttributes >>> 16) & FILE_TYPE : 0;

export const isZipFolder = (entry: ZipEntry) => unixType(entry) === FOLDER_TYPE;

/** What the directory record alone forbids. */
export function forbiddenZipEntry(entry: ZipEntry): AppError | undefined {
  if (!REGULAR_TYPES.includes(unixType(entry))) return new AppError('archive_entry_type_forbidden');
  if ((entry.generalPurposeBitFlag & ENCRYPTED_FLAGS) !== 0 || entry.compressionMethod === AES_METHOD)
    return new AppError('archive_entry_encrypted');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    return new AppError('archive_entry_method_unsupported', { details: { method: entry.compressionMethod } });
  if (entry.compressionMethod === STORED && entry.compressedSize !== entry.uncompressedSize)
    return mismatch('Its two sizes differ though it is stored.');
  return undefined;
}

/**
 * Where the content begins, from the local header.
 * @throws AppError `archive_entry_overlap` when the content reaches over `bound`, `archive_entry_mismatch` when the local header is another entry's
 */
export async function locateContent(entry: ZipEntry, bound: number, windows: SourceWindows): Promise<number> {
  const start = entry.relativeOffsetOfLocalHeader;
  const shortest = start + LOCAL_HEADER_BYTES + entry.fileNameRaw.length + entry.compressedSize;
  if (shortest > windows.source.bytes) throw mismatch('It reaches behind the end of the archive.');
  if (shortest > bound) throw new AppError('archive_entry_overlap');
  const header = await windows.bytes(start, LOCAL_HEADER_BYTES + entry.fileNameRaw.length);
  const isSame =
    header.readUInt32LE(0) === LOCAL_SIGNATURE &&
    header.readUInt16LE(8) === entry.compressionMethod &&
    header.subarray(LOCAL_HEADER_BYTES).equals(entry.fileNameRaw) &&
    header.readUInt16LE(26) === entry.fileNameRaw.length;
  if (!isSame) throw mismatch('Its local header is another than its directory record.');
  const offset = start + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (offset + entry.compressedSize > bound) throw new AppError('archive_entry_overlap');
  return offset;
}

const mismatch = (detail: string) => new AppError('archive_entry_mismatch', { detail });
