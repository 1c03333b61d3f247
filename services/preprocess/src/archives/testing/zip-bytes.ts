/** Zips written byte by byte, where an entry may say anything of itself. Good ones for the rest are packed by yazl. */
import { crc32, deflateRawSync } from 'node:zlib';
import yazl from 'yazl';

export interface RawEntry {
  name: string | Buffer;
  content?: Buffer;
  deflate?: boolean;
  /** What the headers say instead of the truth. */
  method?: number;
  flags?: number;
  crc?: number;
  compressedSize?: number;
  uncompressedSize?: number;
  localName?: string;
  /** Unix mode with its file type. */
  mode?: number;
  /** Offset of the local header in the directory record. */
  start?: number;
  /** Of the directory record. */
  extra?: Buffer;
}

export function rawZip(entries: RawEntry[]): Buffer {
  const locals: Buffer[] = [];
  const records: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { local, record } = packed(entry, at);
    locals.push(local);
    records.push(record);
    at += local.length;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length % 65_536, 8);
  end.writeUInt16LE(entries.length % 65_536, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

function packed(entry: RawEntry, at: number): { local: Buffer; record: Buffer } {
  const content = entry.content ?? Buffer.from('some audio');
  const data = entry.deflate === true ? deflateRawSync(content) : content;
  const name = Buffer.from(entry.name as string);
  const localName = Buffer.from(entry.localName ?? (entry.name as string));
  const said = Buffer.alloc(26);
  said.writeUInt16LE(20, 0);
  said.writeUInt16LE(entry.flags ?? 0, 2);
  said.writeUInt16LE(entry.method ?? (entry.deflate === true ? 8 : 0), 4);
  said.writeUInt32LE(entry.crc ?? crc32(content), 10);
  said.writeUInt32LE(entry.compressedSize ?? data.length, 14);
  said.writeUInt32LE(entry.uncompressedSize ?? content.length, 18);
  said.writeUInt16LE(localName.length, 22);
  const extra = entry.extra ?? Buffer.alloc(0);
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50);
  record[5] = entry.mode === undefined ? 0 : 3;
  said.copy(record, 6, 0, 22);
  record.writeUInt16LE(name.length, 28);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 38);
  record.writeUInt32LE(entry.start ?? at, 42);
  return {
    local: Buffer.concat([Buffer.from('PK\x03\x04'), said, localName, data]),
    record: Buffer.concat([record, name, extra]),
  };
}

export interface PackedFile {
  name: string;
  content: Buffer;
  compress?: boolean;
  forceZip64?: boolean;
}

export async function packZip(files: PackedFile[], options: { forceZip64?: boolean } = {}): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const { name, content, compress = false, forceZip64 = false } of files)
    zip.addBuffer(content, name, { compress, forceZip64Format: forceZip64 });
  zip.end({ forceZip64Format: options.forceZip64 ?? false, comment: '' });
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
