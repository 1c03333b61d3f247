/**
 * What one clip may cost. Every limit is checked twice: on what the header declares, before anything is decoded, and on
 * what was really decoded, because headers lie.
 */
import { AppError } from '@timbre/shared/errors';

export interface DecodeLimits {
  maxDurationSeconds: number;
  maxChannels: number;
  minRateHz: number;
  maxRateHz: number;
  /** Bytes of mono float PCM at the target rate. */
  maxPcmBytes: number;
  /** Samples over all channels at the clip's own rate: the work a small file can ask for. */
  maxSourceSamples: number;
  /** Wall clock for one clip, ffmpeg included. */
  decodeWallMs: number;
  /** Address space of an ffmpeg child. */
  maxChildMemoryBytes: number;
  /** Processor time of an ffmpeg child. */
  maxChildCpuSeconds: number;
}

const MIB = 1024 * 1024;

export const defaultDecodeLimits: Readonly<DecodeLimits> = {
  maxDurationSeconds: 3600,
  maxChannels: 8,
  minRateHz: 4000,
  maxRateHz: 384_000,
  maxPcmBytes: 256 * MIB,
  // One hour of 8 channels at 48 kHz or of stereo at 192 kHz fits; one hour of 8 channels at 192 kHz (22 GB) does not.
  maxSourceSamples: 1.5e9,
  decodeWallMs: 30_000,
  maxChildMemoryBytes: 1024 * MIB,
  maxChildCpuSeconds: 20,
};

/** Sample rate and channel count of PCM as a decoder delivers it. */
export interface PcmFormat {
  sampleRateHz: number;
  channels: number;
}

/** Throws `audio_channels_out_of_range` or `audio_rate_out_of_range`. */
export function checkFormat(format: PcmFormat, limits: DecodeLimits): void {
  const { channels, sampleRateHz } = format;
  if (!Number.isInteger(channels) || channels < 1 || channels > limits.maxChannels)
    throw new AppError('audio_channels_out_of_range', {
      detail: `The clip declares ${channels} channels; 1 to ${limits.maxChannels} are decoded.`,
      details: { limit: limits.maxChannels, observed: channels },
    });
  if (!(sampleRateHz >= limits.minRateHz && sampleRateHz <= limits.maxRateHz))
    throw new AppError('audio_rate_out_of_range', {
      detail: `The clip declares ${sampleRateHz} Hz; ${limits.minRateHz} to ${limits.maxRateHz} Hz are decoded.`,
      details: { minimum: limits.minRateHz, limit: limits.maxRateHz, observed: sampleRateHz },
    });
}

/** Throws `audio_too_long` when `seconds`, declared or decoded, are over the limit. */
export function checkDuration(seconds: number, limits: DecodeLimits): void {
  if (seconds <= limits.maxDurationSeconds) return;
  throw new AppError('audio_too_long', {
    detail: `The clip lasts ${Math.round(seconds)} s; at most ${limits.maxDurationSeconds} s are decoded.`,
    details: { limit: limits.maxDurationSeconds, observed: Math.round(seconds) },
  });
}

/** Throws `audio_decode_limit` when decoding would touch more samples, or keep more PCM, than allowed. */
export function checkVolume(sourceSamples: number, pcmSamples: number, limits: DecodeLimits): void {
  const pcmBytes = pcmSamples * Float32Array.BYTES_PER_ELEMENT;
  if (pcmBytes > limits.maxPcmBytes)
    throw new AppError('audio_decode_limit', {
      detail: `The clip decodes to more than ${limits.maxPcmBytes} bytes of PCM.`,
      details: { limit: limits.maxPcmBytes, observed: pcmBytes },
    });
  if (sourceSamples > limits.maxSourceSamples)
    throw new AppError('audio_decode_limit', {
      detail: `The clip holds more than ${limits.maxSourceSamples} samples over all channels.`,
      details: { limit: limits.maxSourceSamples, observed: sourceSamples },
    });
}
