/** What a file is, by its content. Names and content types are the sender's opinion and are never asked. */
import { AppError } from '@timbre/shared/errors';
import { skipId3 } from './id3.js';
import { findMpegStart } from './mp3/scan-mpeg.js';

export type ClipFormat =
  'wav' | 'aiff' | 'mp3' | 'flac' | 'ogg' | 'mp4' | 'matroska' | 'adts' | 'w64' | 'avi' | 'caf' | 'au' | 'amr';

interface Mark {
  text: string;
  at?: number;
}

const FORMATS: [ClipFormat, ...Mark[]][] = [
  ['wav', { text: 'RIFF' }, { text: 'WAVE', at: 8 }],
  ['wav', { text: 'RF64' }, { text: 'WAVE', at: 8 }],
  ['wav', { text: 'BW64' }, { text: 'WAVE', at: 8 }],
  ['avi', { text: 'RIFF' }, { text: 'AVI ', at: 8 }],
  ['aiff', { text: 'FORM' }, { text: 'AIFF', at: 8 }],
  ['aiff', { text: 'FORM' }, { text: 'AIFC', at: 8 }],
  ['flac', { text: 'fLaC' }],
  ['ogg', { text: 'OggS' }],
  ['matroska', { text: '\x1a\x45\xdf\xa3' }],
  ['mp4', { text: 'ftyp', at: 4 }],
  ['mp4', { text: 'moov', at: 4 }],
  ['mp4', { text: 'mdat', at: 4 }],
  ['w64', { text: 'riff\x2e\x91\xcf\x11' }],
  ['caf', { text: 'caff' }],
  ['au', { text: '.snd' }],
  ['amr', { text: '#!AMR' }],
];

/** Files that get sent by mistake, or in the hope that a decoder opens what they point at. */
const REFUSED: [string, Mark][] = [
  ['an HLS playlist', { text: '#EXTM3U' }],
  ['an ffconcat script', { text: 'ffconcat' }],
  ['a PDF', { text: '%PDF' }],
  ['a PNG image', { text: '\x89PNG' }],
  ['a JPEG image', { text: '\xff\xd8\xff' }],
  ['a GIF image', { text: 'GIF8' }],
  ['a ZIP archive', { text: 'PK\x03\x04' }],
  ['a gzip archive', { text: '\x1f\x8b' }],
  ['an HTML or XML page', { text: '<' }],
];

/** Throws `audio_empty` for no bytes at all and `audio_unrecognized_format` for what is none of our formats. */
export function sniffFormat(bytes: Uint8Array): ClipFormat {
  if (bytes.length === 0) throw new AppError('audio_empty', { detail: 'The file has no bytes.' });
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = matchFormat(file, 0);
  if (format) return format;
  const refused = REFUSED.find(([, mark]) => hasMark(file, 0, mark));
  if (refused) throw unrecognized(`It looks like ${refused[0]}.`);
  const start = skipId3(file);
  if (start > 0) {
    const behindTag = matchFormat(file, start);
    if (behindTag === 'flac') return behindTag;
    if (start >= file.length) return 'mp3';
  }
  if (isAdts(file, start)) return 'adts';
  if (findMpegStart(file, start) >= 0) return 'mp3';
  throw unrecognized(isText(file) ? 'It looks like text.' : 'Its content is none of the formats we know.');
}

function unrecognized(what: string): AppError {
  return new AppError('audio_unrecognized_format', { detail: `The file is not audio in a format we know. ${what}` });
}

function matchFormat(file: Buffer, base: number): ClipFormat | null {
  return FORMATS.find(([, ...marks]) => marks.every((mark) => hasMark(file, base, mark)))?.[0] ?? null;
}

function hasMark(file: Buffer, base: number, { text, at = 0 }: Mark): boolean {
  return file.toString('latin1', base + at, base + at + text.length) === text;
}

/** Two ADTS frames in a row (ISO/IEC 13818-7): sync word, layer 0, and a length that leads to the next. */
function isAdts(file: Buffer, start: number): boolean {
  let at = start;
  for (let count = 0; count < 2; count++) {
    if (at + 7 > file.length) return count > 0 && at === file.length;
    if (file[at] !== 0xff || ((file[at + 1] ?? 0) & 0xf6) !== 0xf0) return false;
    const length = (((file[at + 3] ?? 0) & 3) << 11) | ((file[at + 4] ?? 0) << 3) | ((file[at + 5] ?? 0) >> 5);
    if (length < 7) return false;
    at += length;
  }
  return true;
}

function isText(file: Buffer): boolean {
  return file.subarray(0, 512).every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
}
