/**
 * Whole FLAC frames to PCM with libFLAC (WASM). A frame that libFLAC refuses leaves it in a state from which it does not
 * recover, so the instance is replaced; `lost` says how many frames that cost.
 */
import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { crashed, releaseDecoder, runDecoder, startDecoder } from '../wasm-decoder.js';
import { parseStreamInfo, STREAM_INFO_BYTES } from './flac-header.js';

export interface DecodedFrames {
  planes: Float32Array[];
  frames: number;
  lost: number;
}

/** Sample widths for which the library sets its divisor; with 12 or 20 bits it divides by an uninitialised variable. */
export function isDecodableDepth(bitsPerSample: number): boolean {
  return bitsPerSample === 8 || bitsPerSample === 16 || bitsPerSample === 24;
}

export class FlacFrameDecoder {
  private decoder: FLACDecoder | undefined;
  private readonly preamble: Uint8Array;
  /** To be applied to the planes: the library divides by 2^(bits-1) - 1; all else here, and ffmpeg, by 2^(bits-1). */
  readonly gain: number;

  /** `streamInfo`: the 34 bytes of the block, for frames whose headers refer to it. */
  constructor(streamInfo: Uint8Array) {
    const lastBlock = 0x80;
    this.preamble = Uint8Array.of(
      0x66,
      0x4c,
      0x61,
      0x43,
      lastBlock,
      0,
      0,
      STREAM_INFO_BYTES,
      ...streamInfo.subarray(0, STREAM_INFO_BYTES),
    );
    const fullScale = 2 ** (parseStreamInfo(streamInfo).bitsPerSample - 1);
    this.gain = (fullScale - 1) / fullScale;
  }

  /** Decodes frames whose checksums are right. Throws `decoder_crashed`. */
  async decode(frames: Uint8Array[]): Promise<DecodedFrames> {
    const together = await this.run(frames);
    if (together.reports === 0) return { ...together, lost: 0 };
    this.free();
    if (frames.length === 1) return { planes: [], frames: 0, lost: 1 };
    return this.decodeApart(frames);
  }

  free(): void {
    if (this.decoder) releaseDecoder(this.decoder);
    this.decoder = undefined;
  }

  private async decodeApart(frames: Uint8Array[]): Promise<DecodedFrames> {
    const parts: DecodedFrames[] = [];
    for (const frame of frames) parts.push(await this.decode([frame]));
    const total = parts.reduce((sum, part) => sum + part.frames, 0);
    const channels = Math.max(...parts.map((part) => part.planes.length));
    const planes = Array.from({ length: channels }, () => new Float32Array(total));
    let at = 0;
    for (const part of parts) {
      planes.forEach((plane, channel) => plane.set(part.planes[channel] ?? [], at));
      at += part.frames;
    }
    return { planes, frames: total, lost: parts.filter((part) => part.lost > 0).length };
  }

  private async run(frames: Uint8Array[]): Promise<{ planes: Float32Array[]; frames: number; reports: number }> {
    const decoder = this.decoder ?? (await this.start());
    const { value, reports } = runDecoder(() => decoder.decodeFrames(frames));
    try {
      const { channelData, samplesDecoded } = await value;
      return { planes: channelData, frames: samplesDecoded, reports };
    } catch (error) {
      throw crashed(error);
    }
  }

  private async start(): Promise<FLACDecoder> {
    const decoder = await startDecoder(() => new FLACDecoder());
    this.decoder = decoder;
    const { value } = runDecoder(() => decoder.decodeFrames([this.preamble]));
    await value;
    return decoder;
  }
}
