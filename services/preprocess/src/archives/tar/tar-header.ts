/**
 * One 512-byte header block of a tar: v7, ustar (POSIX.1-1988) and GNU.
 *
 * Our own, because the offsets of the contents are what we need: tar-stream passes contents on without saying where they
 * lie, and its header parser is neither exported with types nor tells sparse files from others.
 */
export const BLOCK_BYTES = 512;

export interface TarHeader {
  name: Buffer;
  /** The type flag as a character; `0` also for the NUL of old archives. */
  type: string;
  size: number;
}

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;

/** `undefined` when the checksum says that this is no header. A block of zeros is none either. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block.length < BLOCK_BYTES || !hasChecksum(block)) return undefined;
  const size = readNumber(block.subarray(124, 136));
  if (size === undefined) return undefined;
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? field(block, 345, 155) : Buffer.alloc(0);
  const name = field(block, 0, 100);
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    type: block[156] === 0 ? '0' : block.toString('latin1', 156, 157),
    size,
  };
}

export const isZeroBlock = (block: Buffer) => block.every((byte) => byte === 0);

/** Bytes of a content with its padding. */
export const paddedBytes = (size: number) => Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;

function field(block: Buffer, at: number, length: number): Buffer {
  const text = block.subarray(at, at + length);
  const end = text.indexOf(0);
  return end < 0 ? text : text.subarray(0, end);
}

/** The sum of all bytes with the sum itself as spaces; some old packers summed signed bytes. */
function hasChecksum(block: Buffer): boolean {
  const expected = readNumber(block.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES));
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const isSum = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES;
    const byte = isSum ? 0x20 : (block[i] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return expected !== undefined && unsigned !== CHECKSUM_BYTES * 0x20 && (expected === unsigned || expected === signed);
}

/** Octal text, or big-endian binary marked by the highest bit (GNU). */
function readNumber(bytes: Buffer): number | undefined {
  if (((bytes[0] ?? 0) & 0x80) !== 0) {
    const value = BigInt(`0x${bytes.toString('hex')}`) & ((1n << BigInt(8 * bytes.length - 1)) - 1n);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
  }
  const text = bytes.toString('latin1').replace(/\0.*$/s, '').trim();
  return /^[0-7]*$/.test(text) ? parseInt(text || '0', 8) : undefined;
}
