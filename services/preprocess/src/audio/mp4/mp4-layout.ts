/**
 * MP4 for a reader that cannot seek. Most writers put the index (`moov`) behind the samples, where ffmpeg, which gets the file
 * by pipe only, cannot use it. The index is moved to the front in memory and its chunk offsets are shifted - what
 * `-movflags faststart` does - because the other ways give something up: a temporary file opens the `file` protocol to a
 * stranger's bytes (or, passed as an open descriptor, needs a newer ffmpeg), and ffmpeg's `cache:` writes to disk.
 */
import { AppError } from '@timbre/shared/errors';
import { corrupt } from '../damage.js';
import { readBoxes, type Box } from './mp4-boxes.js';

export interface Mp4Layout {
  moov: Buffer;
  /** The file in the order in which ffmpeg gets it. */
  segments: Uint8Array[];
  /** Bytes of samples that the boxes declare and that the file has. */
  declaredBytes: number;
  foundBytes: number;
}

/** Throws `audio_truncated` when the index is missing because the file ends early, `audio_no_stream` when there is none. */
export function layOutMp4(bytes: Uint8Array): Mp4Layout {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes = [...readBoxes(file, 0, file.length)];
  const samples = boxes.filter(({ type }) => type === 'mdat');
  const declaredBytes = samples.reduce((sum, box) => sum + box.size, 0);
  const foundBytes = samples.reduce((sum, box) => sum + Math.min(box.size, file.length - box.offset), 0);
  const [moov, second] = boxes.filter(({ type }) => type === 'moov');
  if (second) throw corrupt('The MP4 file has two moov boxes.');
  if (!moov) {
    const last = boxes.at(-1);
    const isCut = last && last.offset + last.size >= file.length && last.type === 'mdat';
    throw new AppError(isCut ? 'audio_truncated' : 'audio_no_stream', { detail: 'The MP4 file has no moov box.' });
  }
  if (moov.offset + moov.size > file.length)
    throw new AppError('audio_truncated', { detail: 'The MP4 file ends inside its moov box.' });
  return { moov: moov.body, segments: arrange(file, { boxes, moov }), declaredBytes, foundBytes };
}

function arrange(file: Buffer, { boxes, moov }: { boxes: Box[]; moov: Box }): Uint8Array[] {
  const firstSamples = boxes.find(({ type }) => type === 'mdat' || type === 'moof');
  if (!firstSamples || moov.offset < firstSamples.offset) return [file];
  const index = Buffer.from(file.subarray(moov.offset, moov.offset + moov.size));
  shiftOffsets(index.subarray(moov.size - moov.body.length), {
    from: firstSamples.offset,
    to: moov.offset,
    by: moov.size,
  });
  return [
    file.subarray(0, firstSamples.offset),
    index,
    file.subarray(firstSamples.offset, moov.offset),
    file.subarray(moov.offset + moov.size),
  ];
}

/** The boxes that lead from `moov` to the tables; nothing else is entered, so depth is bounded. */
const PATH = ['trak', 'mdia', 'minf', 'stbl'];

interface Shift {
  from: number;
  to: number;
  by: number;
}

/** Adds `by` to every chunk offset that lies in `from`..`to`, the part that moves back. Works in place. */
function shiftOffsets(body: Buffer, shift: Shift, path = PATH): void {
  const [next, ...rest] = path;
  for (const box of readBoxes(body, 0, body.length)) {
    if (next !== undefined && box.type === next) shiftOffsets(box.body, shift, rest);
    if (next !== undefined) continue;
    if (box.type === 'stco') shiftTable(box.body, shift, 4);
    if (box.type === 'co64') shiftTable(box.body, shift, 8);
  }
}

function shiftTable(table: Buffer, { from, to, by }: Shift, width: 4 | 8): void {
  if (table.length < 8) return;
  const entries = Math.min(table.readUInt32BE(4), Math.floor((table.length - 8) / width));
  for (let at = 8; at < 8 + entries * width; at += width) {
    const offset = width === 4 ? table.readUInt32BE(at) : Number(table.readBigUInt64BE(at));
    if (offset < from || offset >= to) continue;
    if (width === 8) table.writeBigUInt64BE(BigInt(offset + by), at);
    else if (offset + by <= 0xffffffff) table.writeUInt32BE(offset + by, at);
    else throw corrupt('The chunk offsets of the MP4 file leave no room.');
  }
}
