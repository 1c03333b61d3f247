/** The sound of an MP4 file as its `moov` box describes it. */
import { AppError } from '@timbre/shared/errors';
import { findBox, readBoxes } from './mp4-boxes.js';

export interface Mp4Sound {
  codec: string;
  /** `null` where fragments hold the samples. */
  seconds: number | null;
  hasVideo: boolean;
}

/** Names of the sample entries that have a common one. */
const CODECS: Partial<Record<string, string>> = {
  mp4a: 'aac',
  Opus: 'opus',
  fLaC: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  '.mp3': 'mp3',
  samr: 'amr_nb',
  sawb: 'amr_wb',
  sowt: 'pcm_s16le',
  twos: 'pcm_s16be',
};

/** Looks at the first sound track. Throws `audio_no_stream` or `audio_encrypted`. */
export function describeSound(moov: Buffer): Mp4Sound {
  let sound: Buffer | null = null;
  let hasVideo = false;
  for (const box of readBoxes(moov, 0, moov.length)) {
    if (box.type !== 'trak') continue;
    const handler = findBox(box.body, ['mdia', 'hdlr'])?.toString('latin1', 8, 12);
    hasVideo ||= handler === 'vide';
    if (handler === 'soun') sound ??= box.body;
  }
  if (!sound) throw new AppError('audio_no_stream');
  const entries = findBox(sound, ['mdia', 'minf', 'stbl', 'stsd']);
  const entry = entries && entries.length >= 16 ? entries.toString('latin1', 12, 16) : '';
  if (entry === 'enca' || entry === 'drms') throw new AppError('audio_encrypted');
  const codec = CODECS[entry] ?? (/^[\w-]{1,4}$/.test(entry.trim()) ? entry.trim().toLowerCase() : 'unknown');
  return { codec, seconds: trackSeconds(sound), hasVideo };
}

function trackSeconds(track: Buffer): number | null {
  const header = findBox(track, ['mdia', 'mdhd']);
  if (!header || header.length < 20) return null;
  const isLong = header[0] === 1;
  if (isLong && header.length < 32) return null;
  const timescale = header.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  const isUnknown = duration === 0 || duration === 0xffffffff || duration >= 2 ** 63;
  return isUnknown || timescale === 0 ? null : duration / timescale;
}
