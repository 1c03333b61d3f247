/**
 * A clip's bytes to mono PCM at the rate a model wants: sniff, decode, mix, resample, judge. Runs inside a worker thread, uses
 * its processor synchronously in short stretches, and holds no more than the PCM it returns plus one block.
 *
 * Whatever the bytes are, the outcome is PCM or an `AppError` with an `audio_*` or `decoder_*` code.
 */
import type { ClipFacts } from '@timbre/shared/contracts/clip';
import { AppError } from '@timbre/shared/errors';
import { decodeAiff } from './aiff/decode-aiff.js';
import type { DecodeWarning } from './damage.js';
import { DecodeClock } from './decode-clock.js';
import type { DecodeLimits } from './decode-limits.js';
import type { DecodeSession, InProcessDecoder, SourceFacts } from './decode-session.js';
import { decodeWithFfmpeg, type FfmpegClip } from './ffmpeg/decode-with-ffmpeg.js';
import { locateFfmpeg } from './ffmpeg/locate-ffmpeg.js';
import { decodeFlac } from './flac/decode-flac.js';
import { planMatroska } from './matroska/plan-matroska.js';
import { decodeMp3 } from './mp3/decode-mp3.js';
import { planMp4 } from './mp4/plan-mp4.js';
import { decodeOgg } from './ogg/decode-ogg.js';
import { createPcmSink } from './pcm-sink.js';
import { clipToFullScale } from './clip-to-full-scale.js';
import { sniffFormat, type ClipFormat } from './sniff-format.js';
import { crashed } from './wasm-decoder.js';
import { decodeWav } from './wav/decode-wav.js';

export { defaultDecodeLimits, type DecodeLimits } from './decode-limits.js';
export { locateFfmpeg } from './ffmpeg/locate-ffmpeg.js';
export type { DecodeWarning } from './damage.js';

/** A signal that never moves further than this (-120 dB) is silence or a constant offset. */
const MIN_SWING = 1e-6;

export interface DecodeOptions {
  /** Rate of the PCM wanted. */
  targetRateHz: number;
  limits: DecodeLimits;
  /** Absolute path of ffmpeg; `null`: there is none; left out: it is looked for where packages put it. */
  ffmpegPath?: string | null | undefined;
  signal?: AbortSignal | undefined;
}

export interface DecodedClip {
  /** Mono, at `targetRateHz`, in -1..1, alone in its buffer. */
  pcm: Float32Array<ArrayBuffer>;
  facts: ClipFacts;
  warnings: DecodeWarning[];
}

/**
 * Throws `AppError` with the code that names what is wrong with the clip, or the reason of `options.signal`. `bytes` is only
 * read, and must not change meanwhile.
 */
export async function decodeClip(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedClip> {
  const { targetRateHz, limits, signal } = options;
  const clock = new DecodeClock({ wallMs: limits.decodeWallMs, signal });
  clock.check();
  const format = sniffFormat(bytes);
  const sink = await createPcmSink({ targetRateHz, limits });
  const warnings = new Set<DecodeWarning>();
  const ffmpegPath = options.ffmpegPath === undefined ? locateFfmpeg() : options.ffmpegPath;
  try {
    const source = await decodeFormat(format, bytes, { sink, clock, limits, warnings, ffmpegPath, signal });
    const durationSeconds = sink.seconds;
    const pcm = sink.finish();
    if (pcm.length === 0) throw new AppError('audio_empty');
    clipToFullScale(pcm, warnings);
    if (sink.swing < MIN_SWING) warnings.add('silent');
    return { pcm, facts: { ...source, durationSeconds }, warnings: [...warnings] };
  } catch (error) {
    // A parser of ours that trips over hostile bytes is a decoder that crashed: the clip's problem, not the service's.
    throw signal?.aborted ? error : crashed(error);
  } finally {
    sink.free();
  }
}

const inProcess: Partial<Record<ClipFormat, InProcessDecoder>> = {
  wav: decodeWav,
  aiff: decodeAiff,
  mp3: decodeMp3,
  flac: decodeFlac,
  ogg: decodeOgg,
};

async function decodeFormat(format: ClipFormat, bytes: Uint8Array, session: DecodeSession): Promise<SourceFacts> {
  const facts = await inProcess[format]?.(bytes, session);
  return facts ?? (await decodeWithFfmpeg(planFfmpeg(format, bytes, session), session));
}

function planFfmpeg(format: ClipFormat, bytes: Uint8Array, session: DecodeSession): FfmpegClip {
  const plain = { segments: [bytes], format, codec: null, seconds: null };
  switch (format) {
    case 'mp4':
      return planMp4(bytes, session);
    case 'matroska':
      return planMatroska(bytes, session);
    case 'adts':
      return { ...plain, demuxer: 'aac', format: 'aac' };
    case 'wav':
    case 'aiff':
    case 'flac':
    case 'ogg':
    case 'w64':
    case 'avi':
    case 'caf':
    case 'au':
    case 'amr':
      return { ...plain, demuxer: format };
    case 'mp3':
      throw new AppError('audio_unsupported_codec');
  }
}
