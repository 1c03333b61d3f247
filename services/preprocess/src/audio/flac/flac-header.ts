/** STREAMINFO and frame headers of FLAC (RFC 9639). */
import { AppError } from '@timbre/shared/errors';
import { corrupt } from '../damage.js';

export interface StreamInfo {
  sampleRateHz: number;
  channels: number;
  bitsPerSample: number;
  /** Over one channel; `null` when the encoder did not know. */
  totalFrames: number | null;
}

export const STREAM_INFO_BYTES = 34;

/** Reads the 34 bytes of a STREAMINFO block. */
export function parseStreamInfo(block: Uint8Array): StreamInfo {
  if (block.length < STREAM_INFO_BYTES) throw corrupt('The STREAMINFO block is too short.');
  const view = new DataView(block.buffer, block.byteOffset, STREAM_INFO_BYTES);
  const packed = view.getUint32(10, false);
  const totalFrames = (view.getUint8(13) & 15) * 2 ** 32 + view.getUint32(14, false);
  return {
    sampleRateHz: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    bitsPerSample: ((packed >>> 4) & 31) + 1,
    totalFrames: totalFrames || null,
  };
}

/** Metadata of a native FLAC stream whose `fLaC` mark is at `offset`. */
export function parseMetadata(bytes: Uint8Array, offset: number): { streamInfo: Uint8Array; audioOffset: number } {
  let streamInfo: Uint8Array | undefined;
  let at = offset + 4;
  for (let last = false; !last;) {
    if (at + 4 > bytes.length) throw new AppError('audio_truncated', { detail: 'The FLAC metadata ends early.' });
    const [head = 0, high = 0, middle = 0, low = 0] = bytes.subarray(at, at + 4);
    const body = at + 4;
    at = body + ((high << 16) | (middle << 8) | low);
    last = (head & 0x80) !== 0;
    if ((head & 0x7f) === 0) streamInfo = bytes.subarray(body, at);
    else if (!streamInfo) throw corrupt('The FLAC file does not begin with STREAMINFO.');
  }
  if (!streamInfo) throw corrupt('The FLAC file has no STREAMINFO.');
  return { streamInfo, audioOffset: at };
}

export interface FrameHeader {
  headerBytes: number;
  /** Samples per channel. */
  blockSize: number;
  channels: number;
  /** Frame number, or first sample number when `isVariable`. */
  position: number;
  isVariable: boolean;
}

/** `null` unless a frame header with a right CRC-8 stands at `offset`. */
export function parseFrameHeader(bytes: Uint8Array, offset: number): FrameHeader | null {
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  const fourth = bytes[offset + 3] ?? 1;
  if (bytes[offset] !== 0xff || (second & 0xfe) !== 0xf8 || fourth & 1) return null;
  const sizeCode = third >> 4;
  const rateCode = third & 15;
  const channelCode = fourth >> 4;
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10) return null;
  const coded = readCodedNumber(bytes, offset + 4);
  if (!coded) return null;
  let at = offset + 4 + coded.bytes;
  let blockSize = blockSizeOf(sizeCode);
  if (sizeCode === 6) blockSize = (bytes[at++] ?? 0) + 1;
  if (sizeCode === 7) blockSize = (((bytes[at++] ?? 0) << 8) | (bytes[at++] ?? 0)) + 1;
  at += rateCode === 12 ? 1 : rateCode === 13 || rateCode === 14 ? 2 : 0;
  if (at >= bytes.length || crc8(bytes, offset, at) !== bytes[at]) return null;
  return {
    headerBytes: at + 1 - offset,
    blockSize,
    channels: channelCode < 8 ? channelCode + 1 : 2,
    position: coded.value,
    isVariable: (second & 1) === 1,
  };
}

function blockSizeOf(code: number): number {
  if (code === 1) return 192;
  return code < 6 ? 576 << (code - 2) : 256 << (code - 8);
}

/** The UTF-8-like coding of up to 36 bits. */
function readCodedNumber(bytes: Uint8Array, offset: number): { value: number; bytes: number } | null {
  const first = bytes[offset] ?? 0xff;
  if (first < 0x80) return { value: first, bytes: 1 };
  const length = Math.clz32(~(first << 24));
  if (length < 2 || length > 7) return null;
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = bytes[offset + i] ?? 0;
    if (byte >> 6 !== 2) return null;
    value = value * 64 + (byte & 63);
  }
  return { value, bytes: length };
}

const CRC8 = Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80 ? 0x107 : 0);
  return crc;
});

function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let at = from; at < to; at++) crc = CRC8[crc ^ (bytes[at] ?? 0)] ?? 0;
  return crc;
}
