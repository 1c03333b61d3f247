/**
 * Walks the entries of a tar from header to header, long names (GNU, pax) taken in; contents are passed over.
 * Ends at the first block of zeros; without one, the archive was cut.
 */
import { isUtf8 } from 'node:buffer';
import { corruptArchive } from '../archive-damage.js';
import type { SourceWindows } from '../source-windows.js';
import { BLOCK_BYTES, isZeroBlock, paddedBytes, parseTarHeader, type TarHeader } from './tar-header.js';
import { parsePaxRecords } from './pax-records.js';

export interface TarEntry {
  name: string;
  kind: 'file' | 'folder' | 'forbidden' | 'label';
  /** Of the content; 0 for entries that have none. */
  size: number;
  offset: number;
  /** Where the next header lies. */
  next: number;
}

/** Names and records longer than this are no honest archive's. */
const EXTENSION_BYTES = 1024 * 1024;
/** Hard and symbolic links, devices, folders, FIFOs: whatever size they declare, no content follows. */
const WITHOUT_CONTENT = '123456';

interface Extension {
  name?: Buffer;
  size?: number;
  isSparse?: boolean;
}

/**
 * @param from offset of a header, as an entry gave it in `next`
 * @param afterEntries entries before it, for the error
 * @throws AppError `archive_corrupt`
 */
export async function* readTarEntries(
  windows: SourceWindows,
  from: number,
  afterEntries: number,
): AsyncGenerator<TarEntry, void> {
  let count = afterEntries;
  let extension: Extension = {};
  for (let at = from; ;) {
    const block = await windows.bytes(at, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw corruptArchive('It ends early.', count);
    if (isZeroBlock(block)) return;
    const header = parseTarHeader(block);
    if (!header) throw corruptArchive('The header of an entry is damaged.', count);
    const offset = at + BLOCK_BYTES;
    if ('xLKg'.includes(header.type)) {
      if (header.size > EXTENSION_BYTES) throw corruptArchive('The name of an entry is too long.', count);
      const content = await windows.bytes(offset, header.size);
      if (content.length < header.size) throw corruptArchive('It ends early.', count);
      const more = readExtension(header.type, content);
      if (!more) throw corruptArchive('The header of an entry is damaged.', count);
      extension = { ...extension, ...more };
      at = offset + paddedBytes(header.size);
      continue;
    }
    const entry = entryOf(header, extension, await behindSparseMap(windows, block, offset));
    yield entry;
    count++;
    extension = {};
    at = entry.next;
  }
}

/** The map of a GNU sparse file goes on in further blocks, which its size leaves out, for as long as a flag says so. */
async function behindSparseMap(windows: SourceWindows, header: Buffer, offset: number): Promise<number> {
  if (header.toString('latin1', 156, 157) !== 'S') return offset;
  let behind = offset;
  for (let goesOn = header[482] === 1; goesOn; behind += BLOCK_BYTES) {
    const block = await windows.bytes(behind, BLOCK_BYTES);
    goesOn = block[504] === 1;
  }
  return behind;
}

function entryOf(header: TarHeader, extension: Extension, offset: number): TarEntry {
  const raw = extension.name ?? header.name;
  const size = WITHOUT_CONTENT.includes(header.type) ? 0 : (extension.size ?? header.size);
  return {
    name: isUtf8(raw) ? raw.toString('utf8') : raw.toString('latin1'),
    kind: extension.isSparse === true ? 'forbidden' : kindOf(header.type, raw),
    size,
    offset,
    next: offset + paddedBytes(size),
  };
}

function kindOf(type: string, name: Buffer): TarEntry['kind'] {
  if (type === '5' || type === 'D' || (type === '0' && name.at(-1) === 0x2f)) return 'folder';
  if (type === 'V') return 'label';
  return type === '0' || type === '7' ? 'file' : 'forbidden';
}

/** What an extension header says of the next entry. Records for all entries (`g`) say nothing that we use. */
function readExtension(type: string, content: Buffer): Extension | undefined {
  if (type === 'L') return { name: Buffer.from(content.subarray(0, lengthToNul(content))) };
  if (type !== 'x') return {};
  const records = parsePaxRecords(content);
  if (!records) return undefined;
  const extension: Extension = {};
  // A sparse file of GNU is packed under a name made up for older programs.
  const name = records.get('GNU.sparse.name') ?? records.get('path');
  if (name) extension.name = Buffer.from(name);
  const size = records.get('size')?.toString('latin1');
  if (size !== undefined) {
    if (!/^\d{1,15}$/.test(size)) return undefined;
    extension.size = Number(size);
  }
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) extension.isSparse = true;
  return extension;
}

function lengthToNul(bytes: Buffer): number {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes.length : end;
}
