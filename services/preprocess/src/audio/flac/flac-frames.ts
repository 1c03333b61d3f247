/**
 * Cuts a native FLAC stream into frames. FLAC frames do not say how long they are: a frame ends where its CRC-16 comes out as
 * zero and the next header (or the end) follows. Doing this ourselves, frame by frame, bounds memory (a 50-byte frame may hold
 * 2 MB of PCM) and tells exactly which frames are damaged; frames with a wrong checksum never reach the decoder.
 */
import { parseFrameHeader, type FrameHeader, type StreamInfo } from './flac-header.js';

export type FlacPiece =
  { kind: 'frame'; data: Uint8Array; blockSize: number; position: number | null } | { kind: 'lost' };

/** Room for side information: subframe headers, partition parameters, the header and the CRC. */
const FRAME_OVERHEAD_BYTES = 4096;

/** Behind a place where a frame may have ended, the next header is searched this far. */
const MAX_JUNK_BYTES = 64 * 1024;

const MAX_SEARCH_BYTES = 1024 * 1024;

/** Frames in file order with their first sample, where the header tells it; `lost` for each stretch that is no frame. */
export function* cutFrames(bytes: Uint8Array, start: number, info: StreamInfo): Generator<FlacPiece> {
  let at = start;
  let fixedBlockSize: number | null = null;
  while (at < bytes.length) {
    const header = parseFrameHeader(bytes, at);
    const end = header ? endOfFrame(bytes, at, { header, info }) : -1;
    if (header && end > 0) {
      fixedBlockSize ??= header.blockSize;
      const position = header.isVariable ? header.position : header.position * fixedBlockSize;
      yield { kind: 'frame', data: bytes.subarray(at, end), blockSize: header.blockSize, position };
      at = end;
    } else {
      if (isTail(bytes, at)) return;
      yield { kind: 'lost' };
      at = nextHeader(bytes, at + 1);
    }
  }
}

function endOfFrame(bytes: Uint8Array, start: number, frame: { header: FrameHeader; info: StreamInfo }): number {
  const { header, info } = frame;
  // Verbatim coding is the worst an encoder writes; the side channel of stereo needs one bit more.
  const verbatim = Math.ceil((header.blockSize * header.channels * (info.bitsPerSample + 1)) / 8);
  let limit = Math.min(bytes.length, start + verbatim + FRAME_OVERHEAD_BYTES);
  let crc = 0;
  let closed = -1;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0xff && at > start && crc !== 0 && isSuccessor(header, parseFrameHeader(bytes, at))) return -1;
    crc = ((crc << 8) & 0xffff) ^ (CRC16[(crc >> 8) ^ byte] ?? 0);
    if (crc !== 0 || at < start + header.headerBytes + 2) continue;
    if (at + 1 === bytes.length || parseFrameHeader(bytes, at + 1)) return at + 1;
    if (closed >= 0) continue;
    limit = Math.min(limit, at + MAX_JUNK_BYTES);
    // By accident once in 65,536 bytes; or the frame is whole and what follows is damaged.
    closed = at + 1;
    // A checksum that ends in 00 makes the sum zero one byte early; a zero too many does no harm.
    if (isTail(bytes, closed)) return bytes[closed] === 0 ? closed + 1 : closed;
  }
  return closed;
}

/** A header that continues the count: the frame in front of it ends here, whatever its checksum says. */
function isSuccessor(header: FrameHeader, next: FrameHeader | null): boolean {
  if (next?.isVariable !== header.isVariable) return false;
  return next.position === header.position + (header.isVariable ? header.blockSize : 1);
}

/** An ID3v1 tag or nothing but zeros at the end is no damage. */
function isTail(bytes: Uint8Array, at: number): boolean {
  const rest = bytes.length - at;
  if (rest === 128 && bytes[at] === 0x54 && bytes[at + 1] === 0x41 && bytes[at + 2] === 0x47) return true;
  return bytes[at] === 0 && rest < 65_536 && bytes.subarray(at).every((byte) => byte === 0);
}

/** The next header, or a place to go on from: each stretch without one counts as lost, so that a search cannot take long. */
function nextHeader(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, from + MAX_SEARCH_BYTES);
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at < limit; at = bytes.indexOf(0xff, at + 1))
    if (parseFrameHeader(bytes, at)) return at;
  return limit;
}

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x18005 : 0);
  return crc;
});
