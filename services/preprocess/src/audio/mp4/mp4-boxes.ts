/** Boxes of an ISO base media file (ISO/IEC 14496-12), walked without believing their sizes. */
import { corrupt } from '../damage.js';

export interface Box {
  type: string;
  /** Of the whole box, header included. */
  offset: number;
  /** As declared; may reach behind the end of the file. */
  size: number;
  /** The content, as far as it is there. */
  body: Buffer;
}

const MAX_BOXES = 100_000;

/** Boxes in `file` from `start` to `end`, one level. Throws `audio_corrupt` for sizes that lead nowhere. */
export function* readBoxes(file: Buffer, start: number, end: number): Generator<Box> {
  let at = start;
  for (let count = 0; at + 8 <= end; count++) {
    if (count === MAX_BOXES) throw corrupt('The MP4 file has too many boxes.');
    let size = file.readUInt32BE(at);
    let header = 8;
    if (size === 1) {
      if (at + 16 > end) return;
      size = Number(file.readBigUInt64BE(at + 8));
      header = 16;
    }
    if (size === 0) size = end - at;
    if (size < header) throw corrupt('The MP4 file has a box that is smaller than its header.');
    const body = file.subarray(at + header, Math.min(at + size, end));
    yield { type: file.toString('latin1', at + 4, at + 8), offset: at, size, body };
    at += size;
  }
}

/** Follows one path of box types downwards, always into the first of its type. */
export function findBox(body: Buffer, path: readonly string[]): Buffer | null {
  const [type, ...rest] = path;
  for (const box of readBoxes(body, 0, body.length))
    if (box.type === type) return rest.length > 0 ? findBox(box.body, rest) : box.body;
  return null;
}
