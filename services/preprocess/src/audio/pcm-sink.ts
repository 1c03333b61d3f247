/**
 * Where every decoder pours its PCM: mono mix, resampling and collection in small blocks, with the limits checked on the
 * way. Memory is the collected PCM plus one block, whatever the clip declares.
 */
import { AppError } from '@timbre/shared/errors';
import type { SpeexResamplerModule } from '@echogarden/speex-resampler-wasm/simd';
import { checkDuration, checkFormat, checkVolume, type DecodeLimits, type PcmFormat } from './decode-limits.js';
import { GrowingPcm } from './growing-pcm.js';
import { createResampler, loadResampler, type Resampler } from './resample.js';

/** Frames mixed at a time. */
const BLOCK = 4096;

export interface PcmSinkOptions {
  targetRateHz: number;
  limits: DecodeLimits;
}

/** Loads the resampler and returns an empty sink, which the caller must `free`. */
export async function createPcmSink(options: PcmSinkOptions): Promise<PcmSink> {
  return new PcmSink(await loadResampler(), options);
}

export class PcmSink {
  private readonly mono = new Float32Array(BLOCK);
  private pcm = new GrowingPcm(null);
  private format: PcmFormat | undefined;
  private resampler: Resampler | undefined;
  private framesOfFormat = 0;
  private secondsBefore = 0;
  private sourceSamples = 0;
  private lowest = Infinity;
  private highest = -Infinity;

  constructor(
    private readonly speex: SpeexResamplerModule,
    private readonly options: PcmSinkOptions,
  ) {}

  /** Frames written so far at the clip's own rate, over all formats. */
  totalFrames = 0;

  /** Seconds written so far. */
  get seconds(): number {
    return this.secondsBefore + (this.format ? this.framesOfFormat / this.format.sampleRateHz : 0);
  }

  /** Difference between the highest and the lowest sample of the mono mix before resampling. */
  get swing(): number {
    return Math.max(0, this.highest - this.lowest);
  }

  /**
   * Announces what follows, and again when a chained stream changes its format. `expectedFrames` is the header's word, or
   * `null`. Throws the `audio_*` code of the limit that the header breaks.
   */
  begin(format: PcmFormat, expectedFrames: number | null): void {
    const { limits, targetRateHz } = this.options;
    checkFormat(format, limits);
    if (expectedFrames !== null) {
      const expectedPcm = Math.round((expectedFrames * targetRateHz) / format.sampleRateHz);
      checkDuration(this.seconds + expectedFrames / format.sampleRateHz, limits);
      checkVolume(this.sourceSamples + expectedFrames * format.channels, this.pcm.length + expectedPcm, limits);
      if (this.totalFrames === 0) this.pcm = new GrowingPcm(expectedPcm);
    }
    if (this.format?.sampleRateHz !== format.sampleRateHz) {
      this.endFormat();
      this.resampler = createResampler(this.speex, { inRateHz: format.sampleRateHz, outRateHz: targetRateHz });
    }
    this.format = format;
  }

  /** One array per channel, of which the first `frames` samples count, multiplied by `gain`. */
  write(planes: readonly Float32Array[], frames: number, gain = 1): void {
    this.account(frames, planes.length);
    for (let start = 0; start < frames; start += BLOCK) {
      const count = Math.min(BLOCK, frames - start);
      mixPlanes(planes, { start, gain }, this.mono.subarray(0, count));
      this.push(count);
    }
  }

  /** `frames` frames of interleaved samples, as many channels as `begin` was told. */
  writeInterleaved(samples: Float32Array, frames: number): void {
    const channels = this.requireFormat().channels;
    this.account(frames, channels);
    for (let start = 0; start < frames; start += BLOCK) {
      const count = Math.min(BLOCK, frames - start);
      mixInterleaved(samples, { channels, start }, this.mono.subarray(0, count));
      this.push(count);
    }
  }

  /** Silence in place of frames that were lost, so that what follows stays at its time. */
  writeSilence(frames: number): void {
    this.account(frames, this.requireFormat().channels);
    this.mono.fill(0);
    for (let start = 0; start < frames; start += BLOCK) this.push(Math.min(BLOCK, frames - start));
  }

  /** Flushes the resampler and hands over the mono PCM at the target rate. */
  finish(): Float32Array<ArrayBuffer> {
    this.endFormat();
    return this.pcm.take();
  }

  free(): void {
    this.resampler?.free();
    this.resampler = undefined;
  }

  private requireFormat(): PcmFormat {
    if (!this.format) throw new Error('PCM was written before its format was announced');
    return this.format;
  }

  private account(frames: number, channels: number): void {
    const { limits } = this.options;
    this.requireFormat();
    this.framesOfFormat += frames;
    this.totalFrames += frames;
    this.sourceSamples += frames * channels;
    checkDuration(this.seconds, limits);
    checkVolume(this.sourceSamples, this.seconds * this.options.targetRateHz, limits);
  }

  private push(count: number): void {
    const block = this.mono.subarray(0, count);
    if (!this.observe(block))
      throw new AppError('audio_nonfinite', {
        details: { nearSeconds: Math.round(this.seconds * 1000) / 1000 },
      });
    this.resampler?.push(block, (samples) => this.pcm.append(samples));
  }

  /** False when a sample is NaN or infinite: such a sample turns the sum of `x · 0` into NaN. */
  private observe(block: Float32Array): boolean {
    let trace = 0;
    let { lowest, highest } = this;
    for (let i = 0; i < block.length; i++) {
      const sample = block[i] ?? 0;
      trace += sample * 0;
      if (sample < lowest) lowest = sample;
      if (sample > highest) highest = sample;
    }
    this.lowest = lowest;
    this.highest = highest;
    return trace === 0;
  }

  private endFormat(): void {
    this.resampler?.finish((samples) => this.pcm.append(samples));
    this.secondsBefore = this.seconds;
    this.framesOfFormat = 0;
    this.free();
  }
}

/** Mean of the channels from `start` on, as many frames as `mono` holds, times `gain`. */
function mixPlanes(
  planes: readonly Float32Array[],
  { start, gain }: { start: number; gain: number },
  mono: Float32Array,
): void {
  const scale = gain / planes.length;
  const [first, second] = planes;
  if (!first) return;
  if (!second) for (let i = 0; i < mono.length; i++) mono[i] = (first[start + i] ?? NaN) * scale;
  else for (let i = 0; i < mono.length; i++) mono[i] = ((first[start + i] ?? NaN) + (second[start + i] ?? NaN)) * scale;
  for (const plane of planes.slice(2))
    for (let i = 0; i < mono.length; i++) mono[i] = (mono[i] ?? 0) + (plane[start + i] ?? NaN) * scale;
}

function mixInterleaved(
  samples: Float32Array,
  { channels, start }: { channels: number; start: number },
  mono: Float32Array,
): void {
  const scale = 1 / channels;
  let from = start * channels;
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[from++] ?? NaN;
    mono[i] = sum * scale;
  }
}
