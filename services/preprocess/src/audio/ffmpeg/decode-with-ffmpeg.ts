/** Everything that is not decoded in process goes through an ffmpeg child, when the server has one. */
import { AppError } from '@timbre/shared/errors';
import { corrupt, judgeCompleteness, judgeDamage } from '../damage.js';
import type { DecodeSession, SourceFacts } from '../decode-session.js';
import type { PcmLayout } from '../decode-pcm.js';
import { parseWav } from '../wav/parse-wav.js';
import type { FfmpegExit, FfmpegInput } from './run-ffmpeg.js';
import { runFfmpeg } from './run-ffmpeg.js';

export interface FfmpegClip extends FfmpegInput {
  format: string;
  /** As the container names it; `null`: ffmpeg's own word is taken. */
  codec: string | null;
  /** What the container declares. */
  seconds: number | null;
}

/** Decodes into the session's sink. Throws `audio_unsupported_codec` when there is no ffmpeg or it has no such decoder. */
export async function decodeWithFfmpeg(clip: FfmpegClip, session: DecodeSession): Promise<SourceFacts> {
  const { ffmpegPath } = session;
  if (ffmpegPath === null) throw withoutFfmpeg(clip.format);
  const output = new FfmpegOutput(session);
  const exit = await runFfmpeg(clip, { ...session, ffmpegPath }, (chunk) => output.push(chunk));
  judgeExit(exit, { clip, output, session });
  const { layout } = output;
  if (!layout) throw new AppError('audio_empty');
  return {
    format: clip.format,
    codec: clip.codec ?? exit.log.codec ?? 'unknown',
    sampleRateHz: layout.sampleRateHz,
    channels: layout.channels,
    decoder: `ffmpeg ${exit.log.version ?? 'unknown'}`,
  };
}

function withoutFfmpeg(format: string): AppError {
  return new AppError('audio_unsupported_codec', {
    detail: `This server decodes ${format} files of this kind only with ffmpeg, which it does not have; ffmpeg on the server would decode it.`,
    details: { format, needs: 'ffmpeg' },
  });
}

/** Samples in a frame of the codecs that matter here, to turn lost packets into a share of the clip. */
const FRAME_SAMPLES = 1024;

function judgeExit(
  { exitCode, log }: FfmpegExit,
  { clip, output, session }: { clip: FfmpegClip; output: FfmpegOutput; session: DecodeSession },
): void {
  const { sink, warnings } = session;
  if (exitCode === 126 || exitCode === 127) throw withoutFfmpeg(clip.format);
  if (log.isOutOfMemory)
    throw new AppError('audio_decode_limit', { detail: 'ffmpeg ran out of the memory it may use.' });
  if (log.hasNoAudio) throw new AppError('audio_no_stream');
  if (log.hasNoDecoder) throw new AppError('audio_unsupported_codec', { details: { codec: log.codec } });
  if (sink.totalFrames === 0)
    throw exitCode === 0 ? new AppError('audio_empty') : corrupt('ffmpeg cannot read the file.');
  const rateHz = output.layout?.sampleRateHz ?? 0;
  const declared = clip.seconds === null ? null : clip.seconds * rateHz;
  // Containers round their durations, and count the encoder's delay or not.
  judgeCompleteness({ declared, found: sink.totalFrames, tolerance: rateHz * 0.1 }, warnings);
  if (log.isCut) warnings.add('truncated');
  const lost = log.lostPackets;
  judgeDamage({ lost, total: Math.ceil(sink.totalFrames / FRAME_SAMPLES) + lost }, warnings);
  if (exitCode !== 0) throw corrupt('ffmpeg gave up on the file.');
}

/** ffmpeg's WAV has no metadata, so its header is short. */
const MAX_HEADER_BYTES = 4096;

/** The WAV that arrives on ffmpeg's stdout: a header, then float samples, cut anywhere. */
class FfmpegOutput {
  layout: PcmLayout | null = null;
  private rest: Buffer = Buffer.alloc(0);
  private isStarted = false;

  constructor(private readonly session: DecodeSession) {}

  push(chunk: Buffer): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    this.layout ??= this.open(bytes);
    if (!this.layout) {
      this.rest = bytes;
      return;
    }
    const { channels, dataOffset } = this.layout;
    const from = this.isStarted ? 0 : dataOffset;
    this.isStarted = true;
    const frameBytes = channels * Float32Array.BYTES_PER_ELEMENT;
    const frames = Math.floor((bytes.length - from) / frameBytes);
    const samples = new Float32Array(frames * channels);
    Buffer.from(samples.buffer).set(bytes.subarray(from, from + frames * frameBytes));
    this.session.sink.writeInterleaved(samples, frames);
    this.rest = bytes.subarray(from + frames * frameBytes);
  }

  private open(bytes: Buffer): PcmLayout | null {
    const data = bytes.indexOf('data', 12, 'latin1');
    if (data < 0 || bytes.length < data + 8) {
      if (bytes.length > MAX_HEADER_BYTES) throw corrupt('ffmpeg answered something that is not WAV.');
      return null;
    }
    const header = parseWav(bytes, this.session.limits);
    if (header.kind !== 'pcm') throw corrupt('ffmpeg answered something that is not PCM.');
    this.session.sink.begin(header.layout, null);
    return header.layout;
  }
}
