/** The `fmt ` chunk: which of the WAV encodings the samples have. */
import { corrupt } from '../damage.js';
import { checkFormat, type DecodeLimits } from '../decode-limits.js';
import type { SampleEncoding } from '../sample-reader.js';

export interface WavFormat {
  channels: number;
  sampleRateHz: number;
  codec: string;
  /** `null` for codecs inside WAV that only ffmpeg decodes (ADPCM, GSM, mp3). */
  encoding: SampleEncoding | null;
}

const TAG_PCM = 1;
const TAG_FLOAT = 3;
const TAG_ALAW = 6;
const TAG_MULAW = 7;
const TAG_EXTENSIBLE = 0xfffe;
/** The last 14 bytes of KSDATAFORMAT_SUBTYPE_*: the first two are the format tag. */
const SUBTYPE_TAIL = '000000001000800000aa00389b71';

/** Throws `audio_corrupt` when the fields contradict each other, and what `checkFormat` throws. */
export function parseWavFormat(chunk: Uint8Array, limits: DecodeLimits): WavFormat {
  if (chunk.length < 16) throw corrupt('The fmt chunk is too short.');
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const channels = view.getUint16(2, true);
  const sampleRateHz = view.getUint32(4, true);
  const blockAlign = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  checkFormat({ channels, sampleRateHz }, limits);
  const container = containerBytes({ channels, blockAlign, bits });
  return { channels, sampleRateHz, ...encodingOf(formatTag(view, chunk), container) };
}

function formatTag(view: DataView, chunk: Uint8Array): number {
  const tag = view.getUint16(0, true);
  if (tag !== TAG_EXTENSIBLE) return tag;
  if (chunk.length < 40) throw corrupt('The extensible fmt chunk is too short.');
  const tail = Buffer.from(chunk.subarray(26, 40)).toString('hex');
  return tail === SUBTYPE_TAIL ? view.getUint16(24, true) : TAG_EXTENSIBLE;
}

/** Bytes one sample occupies; the block align decides, because 20 bits may live in 3 or 4 bytes. */
function containerBytes(fmt: { channels: number; blockAlign: number; bits: number }): number | null {
  const bytes = fmt.blockAlign / fmt.channels;
  return fmt.blockAlign > 0 && Number.isInteger(bytes) && bytes * 8 >= fmt.bits ? bytes : null;
}

function encodingOf(tag: number, bytes: number | null): { codec: string; encoding: SampleEncoding | null } {
  const wrong = () => corrupt('The block align of the fmt chunk does not fit its bits and channels.');
  switch (tag) {
    case TAG_PCM:
      if (bytes === null || bytes > 4) throw wrong();
      if (bytes === 1) return { codec: 'pcm_u8', encoding: { kind: 'unsigned8', bytes, bigEndian: false } };
      return { codec: `pcm_s${bytes * 8}le`, encoding: { kind: 'int', bytes, bigEndian: false } };
    case TAG_FLOAT:
      if (bytes !== 4 && bytes !== 8) throw wrong();
      return { codec: `pcm_f${bytes * 8}le`, encoding: { kind: 'float', bytes, bigEndian: false } };
    case TAG_ALAW:
      if (bytes !== 1) throw wrong();
      return { codec: 'pcm_alaw', encoding: { kind: 'alaw', bytes, bigEndian: false } };
    case TAG_MULAW:
      if (bytes !== 1) throw wrong();
      return { codec: 'pcm_mulaw', encoding: { kind: 'mulaw', bytes, bigEndian: false } };
    default:
      return { codec: 'unknown', encoding: null };
  }
}
