/**
 * A walk over the frame headers of an MPEG audio file, without decoding: how many frames there are, how many the Xing, Info
 * or VBRI header promises, and how much between them is no frame at all. The decoder itself hides all three.
 */
import { isSameStream, parseMpegHeader, type MpegHeader } from './mpeg-header.js';

export interface MpegScan {
  /** Of the first audio frame. */
  header: MpegHeader;
  start: number;
  end: number;
  /** Whole audio frames, without the Info frame. */
  frames: number;
  /** Frames that the bytes which are no frame could have held. */
  lostFrames: number;
  declaredFrames: number | null;
}

/** Garbage in front of the first frame is searched this far. */
const MAX_LEAD_IN = 64 * 1024;
/** Frames in a row that prove that a sync word is no accident. */
const PROOF_FRAMES = 3;

/** Offset of the first of three consecutive frames (or of fewer that reach the end of the file exactly), or -1. */
export function findMpegStart(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, from + MAX_LEAD_IN);
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at < limit; at = bytes.indexOf(0xff, at + 1))
    if (isProvenFrame(bytes, at)) return at;
  return -1;
}

function isProvenFrame(bytes: Uint8Array, offset: number): boolean {
  const first = parseMpegHeader(bytes, offset);
  let at = offset;
  for (let count = 0; first && count < PROOF_FRAMES; count++) {
    const header = parseMpegHeader(bytes, at);
    if (!header || !isSameStream(first, header)) return false;
    at += header.frameBytes;
    if (at >= bytes.length) return count > 0 || at === bytes.length;
  }
  return first !== null;
}

/** `start` is where `findMpegStart` found the stream. */
export function scanMpeg(bytes: Uint8Array, start: number): MpegScan | null {
  const header = parseMpegHeader(bytes, start);
  if (!header) return null;
  const info = readInfoFrame(bytes, start, header);
  const walk = walkFrames(bytes.subarray(0, endOfAudio(bytes, start)), start, header);
  const frames = walk.frames - (info ? 1 : 0);
  const frameBytes = walk.frameBytes / Math.max(1, walk.frames);
  const lostFrames = Math.ceil(walk.garbageBytes / Math.max(24, frameBytes));
  return { header, start, end: walk.end, frames, lostFrames, declaredFrames: info?.frames ?? null };
}

interface Walk {
  frames: number;
  frameBytes: number;
  garbageBytes: number;
  /** Behind the last whole frame. */
  end: number;
}

/** Of the audio that may be garbage before the walk is given up; more is beyond what damage is forgiven. */
const MAX_GARBAGE = 0.01;
const GARBAGE_ALLOWANCE_BYTES = 16 * 1024;

function walkFrames(bytes: Uint8Array, start: number, first: MpegHeader): Walk {
  const walk = { frames: 0, frameBytes: 0, garbageBytes: 0, end: start };
  const maxGarbage = GARBAGE_ALLOWANCE_BYTES + (bytes.length - start) * MAX_GARBAGE;
  let at = start;
  while (at + 4 <= bytes.length) {
    const header = parseMpegHeader(bytes, at);
    if (header && isSameStream(first, header)) {
      if (at + header.frameBytes > bytes.length) break;
      walk.frames++;
      walk.frameBytes += header.frameBytes;
      at += header.frameBytes;
      walk.end = at;
    } else {
      const next = resync(bytes, at + 1, { first, limit: at + maxGarbage - walk.garbageBytes });
      // Some encoders fill the file up with zeros.
      if (next < bytes.length || !bytes.subarray(at).every((byte) => byte === 0)) walk.garbageBytes += next - at;
      at = next;
    }
  }
  return walk;
}

/** Offset of the next frame, or the end of the file when none begins before `limit`. */
function resync(bytes: Uint8Array, from: number, { first, limit }: { first: MpegHeader; limit: number }): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at < limit; at = bytes.indexOf(0xff, at + 1)) {
    const header = parseMpegHeader(bytes, at);
    if (header && isSameStream(first, header) && isProvenFrame(bytes, at)) return at;
  }
  return bytes.length;
}

/** Frames promised by a Xing or Info header (LAME tag revision 1) or a VBRI header (Fraunhofer) in the first frame. */
function readInfoFrame(bytes: Uint8Array, start: number, header: MpegHeader): { frames: number | null } | null {
  if (header.layer !== 3) return null;
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(header.frameBytes, bytes.length - start));
  const sideInfo = header.version === 1 ? (header.channels === 1 ? 17 : 32) : header.channels === 1 ? 9 : 17;
  const xing = 4 + (header.hasCrc ? 2 : 0) + sideInfo;
  const tag = frame.toString('latin1', xing, xing + 4);
  if ((tag === 'Xing' || tag === 'Info') && xing + 12 <= frame.length)
    return { frames: frame.readUInt32BE(xing + 4) & 1 ? frame.readUInt32BE(xing + 8) : null };
  if (frame.toString('latin1', 36, 40) === 'VBRI' && frame.length >= 54) return { frames: frame.readUInt32BE(50) };
  return null;
}

/** Where tags and zero padding at the end of the file begin. */
function endOfAudio(bytes: Uint8Array, start: number): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = file.length;
  if (hasTag(file, file.length - 128, 'TAG')) end = file.length - 128;
  const footer = end - 32;
  if (hasTag(file, footer, 'APETAGEX')) {
    const hasHeader = (file.readUInt32LE(footer + 20) & 0x80000000) !== 0;
    end = Math.max(start, end - file.readUInt32LE(footer + 12) - (hasHeader ? 32 : 0));
  }
  const lyrics = end - 9;
  if (hasTag(file, lyrics, 'LYRICS200')) {
    const size = Number(file.toString('latin1', lyrics - 6, lyrics));
    if (Number.isInteger(size)) end = Math.max(start, lyrics - 6 - size);
  }
  return end;
}

function hasTag(file: Buffer, at: number, tag: string): boolean {
  return at >= 0 && file.toString('latin1', at, at + tag.length) === tag;
}
