/** The chunks of an AIFF or AIFF-C file. Uncompressed kinds are described here; the rest is ffmpeg's. */
import { AppError } from '@timbre/shared/errors';
import { corrupt } from '../damage.js';
import type { PcmLayout } from '../decode-pcm.js';
import type { SampleEncoding } from '../sample-reader.js';

export type AiffHeader = { kind: 'pcm'; layout: PcmLayout; codec: string } | { kind: 'compressed' };

interface Common {
  channels: number;
  frames: number;
  sampleRateHz: number;
  bits: number;
  compression: string;
}

const MAX_CHUNKS = 10_000;

/** Throws `audio_corrupt` or `audio_truncated`; limits are the sink's. */
export function parseAiff(bytes: Uint8Array): AiffHeader {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { common, sound } = walkChunks(file);
  if (!common || !sound) {
    const cut = file.length < 12 + 26 || file.readUInt32BE(4) + 8 > file.length;
    const chunk = common ? 'SSND' : 'COMM';
    throw cut
      ? new AppError('audio_truncated', { detail: `The AIFF file ends before its ${chunk} chunk.` })
      : corrupt(`The AIFF file has no ${chunk} chunk.`);
  }
  const encoding = encodingOf(common);
  if (!encoding) return { kind: 'compressed' };
  const { channels, sampleRateHz } = common;
  // Writers to a pipe leave the frame count and the chunk size at zero.
  const streamed = common.frames === 0 && sound.end <= sound.offset;
  const declaredBytes = streamed ? null : common.frames * channels * encoding.bytes;
  const layout = { encoding, channels, sampleRateHz, dataOffset: sound.offset, declaredBytes };
  return { kind: 'pcm', layout, codec: codecName(encoding) };
}

function walkChunks(file: Buffer): { common: Common | null; sound: { offset: number; end: number } | null } {
  let common: Common | null = null;
  let sound: { offset: number; end: number } | null = null;
  let offset = 12;
  for (let count = 0; offset + 8 <= file.length; count++) {
    if (count === MAX_CHUNKS) throw corrupt('The AIFF file has too many chunks.');
    const id = file.toString('latin1', offset, offset + 4);
    const size = file.readUInt32BE(offset + 4);
    const body = offset + 8;
    if (id === 'COMM') {
      if (common) throw corrupt('The AIFF file has two COMM chunks.');
      if (body + size > file.length) break;
      common = parseCommon(file.subarray(body, body + size), file.toString('latin1', 8, 12) === 'AIFC');
    }
    if (id === 'SSND' && body + 8 <= file.length)
      sound = { offset: body + 8 + file.readUInt32BE(body), end: body + size };
    offset = body + size + (size % 2);
  }
  return { common, sound };
}

function parseCommon(chunk: Buffer, isAifc: boolean): Common {
  if (chunk.length < (isAifc ? 22 : 18)) throw corrupt('The COMM chunk is too short.');
  return {
    channels: chunk.readUInt16BE(0),
    frames: chunk.readUInt32BE(2),
    bits: chunk.readUInt16BE(6),
    sampleRateHz: extendedToNumber(chunk.subarray(8, 18)),
    compression: isAifc ? chunk.toString('latin1', 18, 22) : 'NONE',
  };
}

/** IEEE 754 80-bit extended: sign and 15 bits of exponent, then a 64-bit mantissa with an explicit leading one. */
function extendedToNumber(bytes: Buffer): number {
  const head = bytes.readUInt16BE(0);
  const mantissa = bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6);
  const magnitude = mantissa * 2 ** ((head & 0x7fff) - 16_383 - 63);
  return head & 0x8000 ? -magnitude : magnitude;
}

function encodingOf({ compression, bits }: Common): SampleEncoding | null {
  const width = Math.ceil(bits / 8);
  const int = (bigEndian: boolean, bytes: number): SampleEncoding => {
    if (bytes < 1 || bytes > 4) throw corrupt('The COMM chunk declares an impossible sample width.');
    return { kind: 'int', bytes, bigEndian };
  };
  switch (compression) {
    case 'NONE':
    case 'twos':
      return int(true, width);
    case 'sowt':
      return int(false, width);
    case 'in24':
      return int(true, 3);
    case 'in32':
      return int(true, 4);
    case 'raw ':
      return { kind: 'unsigned8', bytes: 1, bigEndian: true };
    case 'fl32':
    case 'FL32':
      return { kind: 'float', bytes: 4, bigEndian: true };
    case 'fl64':
    case 'FL64':
      return { kind: 'float', bytes: 8, bigEndian: true };
    case 'ulaw':
    case 'ULAW':
      return { kind: 'mulaw', bytes: 1, bigEndian: true };
    case 'alaw':
    case 'ALAW':
      return { kind: 'alaw', bytes: 1, bigEndian: true };
    default:
      return null;
  }
}

function codecName({ kind, bytes, bigEndian }: SampleEncoding): string {
  const order = bigEndian ? 'be' : 'le';
  switch (kind) {
    case 'unsigned8':
      return 'pcm_u8';
    case 'alaw':
    case 'mulaw':
      return `pcm_${kind}`;
    case 'float':
      return `pcm_f${bytes * 8}${order}`;
    case 'int':
      return bytes === 1 ? 'pcm_s8' : `pcm_s${bytes * 8}${order}`;
  }
}
