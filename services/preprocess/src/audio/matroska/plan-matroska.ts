/** Matroska and WebM: described from the elements in front of the first cluster, decoded by ffmpeg. */
import { AppError } from '@timbre/shared/errors';
import { corrupt, judgeCompleteness } from '../damage.js';
import { checkDuration, checkFormat } from '../decode-limits.js';
import type { DecodeSession } from '../decode-session.js';
import type { FfmpegClip } from '../ffmpeg/decode-with-ffmpeg.js';
import { findElement, readElements, readFloat, readText, readUnsigned, type EbmlElement } from './ebml.js';

const ID = {
  header: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackType: 0x83,
  codec: 0x86,
  audio: 0xe1,
  rate: 0xb5,
  channels: 0x9f,
  contentEncodings: 0x6d80,
  contentEncoding: 0x6240,
  contentEncryption: 0x5035,
  cluster: 0x1f43b675,
};
const TRACK_TYPE_AUDIO = 2;
const DEFAULT_TIMESTAMP_SCALE_NS = 1_000_000;

/** Throws `audio_no_stream`, `audio_encrypted`, `audio_truncated` or a limit's code before any child starts. */
export function planMatroska(bytes: Uint8Array, session: DecodeSession): FfmpegClip {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const top: EbmlElement = { id: 0, start: 0, end: file.length, hasUnknownSize: false };
  const header = findElement(file, top, ID.header);
  const docType = header && findElement(file, header, ID.docType);
  const segment = findElement(file, top, ID.segment);
  if (!segment) throw corrupt('The Matroska file has no segment.');
  const { info, tracks } = readHead(file, segment);
  if (!tracks) throw new AppError('audio_truncated', { detail: 'The Matroska file ends before its tracks.' });
  const codec = readSound(file, tracks, session);
  const seconds = info && readSeconds(file, info);
  if (seconds) checkDuration(seconds, session.limits);
  if (!segment.hasUnknownSize)
    judgeCompleteness({ declared: segment.end - segment.start, found: file.length - segment.start }, session.warnings);
  const format = docType && readText(file, docType) === 'webm' ? 'webm' : 'matroska';
  return { demuxer: 'matroska', segments: [bytes], format, codec, seconds };
}

function readHead(file: Buffer, segment: EbmlElement): { info: EbmlElement | null; tracks: EbmlElement | null } {
  let info: EbmlElement | null = null;
  let tracks: EbmlElement | null = null;
  for (const element of readElements(file, segment.start, Math.min(segment.end, file.length))) {
    if (element.id === ID.info) info = element;
    if (element.id === ID.tracks) tracks = element;
    // Info and tracks may follow the clusters, but those of a stream have no size to step over.
    if (element.id === ID.cluster && element.hasUnknownSize) break;
    if (info && tracks) break;
  }
  return { info, tracks };
}

/** Codec of the first audio track, as ffmpeg counts them. */
function readSound(file: Buffer, tracks: EbmlElement, session: DecodeSession): string {
  for (const track of readElements(file, tracks.start, Math.min(tracks.end, file.length))) {
    const type = track.id === ID.trackEntry ? findElement(file, track, ID.trackType) : null;
    if (!type || readUnsigned(file, type) !== TRACK_TYPE_AUDIO) continue;
    if (isEncrypted(file, track)) throw new AppError('audio_encrypted');
    checkAudio(file, track, session);
    const codec = findElement(file, track, ID.codec);
    const name = codec ? readText(file, codec) : '';
    // A_OPUS, A_VORBIS, A_AAC, A_MPEG/L3, A_PCM/INT/LIT
    return /^A_[A-Z0-9/_]{1,24}$/.test(name) ? name.slice(2).toLowerCase().replaceAll('/', '_') : 'unknown';
  }
  throw new AppError('audio_no_stream');
}

function checkAudio(file: Buffer, track: EbmlElement, session: DecodeSession): void {
  const audio = findElement(file, track, ID.audio);
  const rate = audio && findElement(file, audio, ID.rate);
  const channels = audio && findElement(file, audio, ID.channels);
  checkFormat(
    {
      sampleRateHz: (rate && readFloat(file, rate)) ?? session.limits.minRateHz,
      channels: channels ? readUnsigned(file, channels) : 1,
    },
    session.limits,
  );
}

function isEncrypted(file: Buffer, track: EbmlElement): boolean {
  const encodings = findElement(file, track, ID.contentEncodings);
  const encoding = encodings && findElement(file, encodings, ID.contentEncoding);
  return !!encoding && findElement(file, encoding, ID.contentEncryption) !== null;
}

function readSeconds(file: Buffer, info: EbmlElement): number | null {
  const duration = findElement(file, info, ID.duration);
  const scale = findElement(file, info, ID.timestampScale);
  const ticks = duration && readFloat(file, duration);
  if (!ticks || !Number.isFinite(ticks)) return null;
  return (ticks * (scale ? readUnsigned(file, scale) : DEFAULT_TIMESTAMP_SCALE_NS)) / 1e9;
}
