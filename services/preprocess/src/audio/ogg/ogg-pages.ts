/** Pages of an Ogg file (RFC 3533), each with its checksum verified; anything between them is skipped and counted. */
export interface OggPage {
  serial: number;
  sequence: number;
  /** Position in the codec's units after this page, `null` when no packet ends on it. */
  granule: number | null;
  isContinued: boolean;
  isFirst: boolean;
  isLast: boolean;
  lacing: Uint8Array;
  body: Uint8Array;
}

export type OggPiece = { kind: 'page'; page: OggPage } | { kind: 'damaged' } | { kind: 'cut' };

const HEADER_BYTES = 27;

/** Pages in file order; `damaged` for each stretch that is none, `cut` when the file ends inside a page. */
export function* readPages(bytes: Uint8Array): Generator<OggPiece> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < file.length) {
    const length = pageLength(file, at);
    if (length !== null && at + length > file.length && file.indexOf('OggS', at + 4, 'latin1') < 0) {
      yield { kind: 'cut' };
      return;
    }
    const page = length === null ? null : parsePage(file.subarray(at, at + length));
    if (page && length !== null) {
      yield { kind: 'page', page };
      at += length;
    } else {
      yield { kind: 'damaged' };
      const next = file.indexOf('OggS', at + 1, 'latin1');
      at = next < 0 ? file.length : next;
    }
  }
}

export interface TailPage {
  serial: number;
  granule: number;
}

/** The last whole pages of the file that carry a granule, last one first. */
export function readTail(bytes: Uint8Array, maxPages: number): TailPage[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail: TailPage[] = [];
  let at = file.lastIndexOf('OggS', undefined, 'latin1');
  for (let tries = 0; at >= 0 && tries < maxPages; tries++) {
    const length = pageLength(file, at);
    const page = length === null || at + length > file.length ? null : parsePage(file.subarray(at, at + length));
    if (page && page.granule !== null) tail.push({ serial: page.serial, granule: page.granule });
    at = at > 0 ? file.lastIndexOf('OggS', at - 1, 'latin1') : -1;
  }
  return tail;
}

function pageLength(file: Buffer, at: number): number | null {
  if (file.toString('latin1', at, at + 4) !== 'OggS'.slice(0, file.length - at)) return null;
  const segments = file[at + 26];
  if (segments === undefined) return file.length - at + 1;
  let length = HEADER_BYTES + segments;
  for (const lacing of file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + segments)) length += lacing;
  return length;
}

function parsePage(page: Buffer): OggPage | null {
  if (page.length < HEADER_BYTES || page[4] !== 0 || crc32(page) !== page.readUInt32LE(22)) return null;
  const flags = page[5] ?? 0;
  const segments = page[26] ?? 0;
  const granule = page.readBigInt64LE(6);
  return {
    serial: page.readUInt32LE(14),
    sequence: page.readUInt32LE(18),
    granule: granule < 0n ? null : Number(granule),
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    lacing: page.subarray(HEADER_BYTES, HEADER_BYTES + segments),
    body: page.subarray(HEADER_BYTES + segments),
  };
}

const CRC32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc >>> 0;
});

/** Polynomial 0x04c11db7, not reflected, over the page with its own checksum taken as zero. */
function crc32(page: Uint8Array): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= 22 && at < 26 ? 0 : (page[at] ?? 0);
    crc = (crc << 8) ^ (CRC32[(crc >>> 24) ^ byte] ?? 0);
  }
  return crc >>> 0;
}
