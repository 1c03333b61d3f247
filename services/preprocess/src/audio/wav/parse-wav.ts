/**
 * The chunks of a WAV file (RIFF, RF64, BW64), read strictly.
 *
 * Why not a library: @audio/decode-wav and wavefile both convert the whole file at once (a one-hour clip becomes gigabytes of
 * floats before any limit can speak) and answer a hostile header with a plain `Error` or with silence. Here the header is only
 * described; the samples are converted in blocks by `decodePcm`.
 */
import { AppError } from '@timbre/shared/errors';
import { corrupt } from '../damage.js';
import type { DecodeLimits } from '../decode-limits.js';
import type { PcmLayout } from '../decode-pcm.js';
import { parseWavFormat, type WavFormat } from './wav-format.js';

export interface WavData {
  offset: number;
  /** `null`: written by a program that could not seek back, so the samples go on to the end of the file. */
  declaredBytes: number | null;
}

export type WavHeader = { kind: 'pcm'; layout: PcmLayout; codec: string } | { kind: 'compressed' };

/** More chunks than this in front of the samples is not a recording. */
const MAX_CHUNKS = 10_000;
const UINT32_MAX = 0xffffffff;

/** Throws `audio_corrupt`, `audio_truncated`, `audio_channels_out_of_range` or `audio_rate_out_of_range`. */
export function parseWav(bytes: Uint8Array, limits: DecodeLimits): WavHeader {
  const { format, data } = walkChunks(bytes, limits);
  if (!format) throw missing(bytes, 'fmt');
  if (!data) throw missing(bytes, 'data');
  if (!format.encoding) return { kind: 'compressed' };
  const { encoding, channels, sampleRateHz, codec } = format;
  const layout = { encoding, channels, sampleRateHz, dataOffset: data.offset, declaredBytes: data.declaredBytes };
  return { kind: 'pcm', layout, codec };
}

function walkChunks(bytes: Uint8Array, limits: DecodeLimits): { format?: WavFormat; data?: WavData } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: WavFormat | undefined;
  let data64: number | null = null;
  let offset = 12;
  for (let count = 0; offset + 8 <= bytes.length; count++) {
    if (count === MAX_CHUNKS) throw corrupt('The WAV file has too many chunks.');
    const id = view.getUint32(offset, false);
    const size = view.getUint32(offset + 4, true);
    const body = offset + 8;
    if (id === DS64) data64 = readData64(view, body);
    if (id === FMT) {
      if (format) throw corrupt('The WAV file has two fmt chunks.');
      if (body + size > bytes.length) break;
      format = parseWavFormat(bytes.subarray(body, body + size), limits);
    }
    if (id === DATA) {
      if (!format) throw corrupt('The WAV file has its samples before their format.');
      rejectSecondFormat(bytes, body + size);
      return { format, data: { offset: body, declaredBytes: declaredBytes(view, { size, body, data64 }) } };
    }
    offset = nextChunk(bytes, body + size);
  }
  return format ? { format } : {};
}

const FMT = fourCc('fmt ');
const DATA = fourCc('data');
const DS64 = fourCc('ds64');
const RF64 = fourCc('RF64');
const BW64 = fourCc('BW64');

function fourCc(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32BE(0);
}

/** Chunks are padded to even sizes; writers that forget the padding are believed when an id stands at the odd offset. */
function nextChunk(bytes: Uint8Array, end: number): number {
  if (end % 2 === 0) return end;
  return isChunkId(bytes, end) && !isChunkId(bytes, end + 1) ? end : end + 1;
}

function isChunkId(bytes: Uint8Array, offset: number): boolean {
  for (let i = offset; i < offset + 4; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

/** The 64-bit size of the samples (EBU Tech 3306); sizes past 2^53 stay larger than any file. */
function readData64(view: DataView, body: number): number | null {
  return body + 16 <= view.byteLength ? Number(view.getBigUint64(body + 8, true)) : null;
}

function declaredBytes(
  view: DataView,
  { size, body, data64 }: { size: number; body: number; data64: number | null },
): number | null {
  const riff = view.getUint32(0, false);
  if (size === UINT32_MAX && data64 !== null && (riff === RF64 || riff === BW64)) return data64;
  // Placeholders of writers to a pipe: ffmpeg 2^32-1, others a little less, sox 0x7ffff000 and its neighbours.
  if (size >= UINT32_MAX - 255 || (size >= 0x7ffff000 && size <= 0x7fffffff)) return null;
  if (size !== 0) return size;
  const riffSize = view.getUint32(4, true);
  const unfinished = riffSize === 0 || riffSize >= UINT32_MAX - 255 || riffSize + 8 < body;
  return unfinished && view.byteLength > body ? null : 0;
}

/** A second format after the samples contradicts the first; other chunks after the samples are tags. */
function rejectSecondFormat(bytes: Uint8Array, end: number): void {
  const next = nextChunk(bytes, end);
  if (next + 8 > bytes.length) return;
  const id = new DataView(bytes.buffer, bytes.byteOffset + next, 4).getUint32(0, false);
  if (id === FMT) throw corrupt('The WAV file has two fmt chunks.');
}

function missing(bytes: Uint8Array, chunk: 'fmt' | 'data'): AppError {
  const riffSize = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true);
  const cut = bytes.length < 44 || (riffSize < UINT32_MAX && riffSize + 8 > bytes.length);
  return cut
    ? new AppError('audio_truncated', { detail: `The WAV file ends before its ${chunk} chunk.` })
    : corrupt(`The WAV file has no ${chunk} chunk.`);
}
