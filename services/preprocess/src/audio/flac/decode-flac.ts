/** Native FLAC: frames are cut and checked here, decoded by libFLAC, and lost ones are replaced by silence. */
import { corrupt, judgeCompleteness, judgeDamage } from '../damage.js';
import { AppError } from '@timbre/shared/errors';
import type { DecodeSession, InProcessDecoder } from '../decode-session.js';
import { decoderName } from '../decoder-versions.js';
import { skipId3 } from '../id3.js';
import { FlacFrameDecoder, isDecodableDepth } from './flac-frame-decoder.js';
import { cutFrames } from './flac-frames.js';
import { parseMetadata, parseStreamInfo, type StreamInfo } from './flac-header.js';

/** Samples over all channels handed to the decoder at once: 2 MiB of PCM. */
const BATCH_SAMPLES = 512 * 1024;
/** So many frames may be lost before the rest of the clip has to prove that it is less than 1 %. */
const MAX_LOST_AT_ONCE = 10;

export const decodeFlac: InProcessDecoder = async (bytes, session) => {
  const { streamInfo, audioOffset } = parseMetadata(bytes, skipId3(bytes));
  const info = parseStreamInfo(streamInfo);
  session.sink.begin(info, info.totalFrames);
  if (!isDecodableDepth(info.bitsPerSample)) return null;
  const pourer = new FlacPourer(new FlacFrameDecoder(streamInfo), { session, info });
  try {
    for (const piece of cutFrames(bytes, audioOffset, info)) {
      if (piece.kind === 'frame') await pourer.add(piece);
      else pourer.lose(1);
    }
    await pourer.end();
  } finally {
    pourer.free();
  }
  const { sampleRateHz, channels } = info;
  const decoder = decoderName('@wasm-audio-decoders/flac');
  return { format: 'flac', codec: 'flac', sampleRateHz, channels, decoder };
};

export interface CutFrame {
  data: Uint8Array;
  /** Samples per channel. */
  blockSize: number;
  /** First sample, `null` when the container does not tell. */
  position: number | null;
}

/** Batches frames into the decoder and keeps the timeline whole. Also serves FLAC inside Ogg. */
export class FlacPourer {
  private batch: Uint8Array[] = [];
  private batchSamples = 0;
  private good = 0;
  private lost = 0;
  /** Stretches that were no frame since the last good one. */
  private gaps = 0;
  private expected: number | null = null;

  constructor(
    private readonly decoder: FlacFrameDecoder,
    private readonly context: { session: DecodeSession; info: StreamInfo },
  ) {}

  async add(frame: CutFrame): Promise<void> {
    if (this.gaps > 0) await this.fillGap(frame);
    this.batch.push(frame.data);
    this.batchSamples += frame.blockSize * this.context.info.channels;
    this.good++;
    if (frame.position !== null) this.expected = frame.position + frame.blockSize;
    if (this.batchSamples >= BATCH_SAMPLES) await this.flush();
  }

  /** Throws `audio_corrupt` when it is clear that too much is lost. */
  lose(frames: number): void {
    this.gaps += frames;
    this.lost += frames;
    this.context.session.clock.check();
    if (this.lost > MAX_LOST_AT_ONCE + this.good / 100) throw corrupt('Too many FLAC frames are damaged.');
  }

  /** Decodes what is left and judges the whole. */
  async end(): Promise<void> {
    const { session, info } = this.context;
    // What follows the last good frame is a missing end, not a damaged middle.
    const isCut = this.gaps > 0;
    this.lost -= this.gaps;
    await this.flush();
    if (this.good + this.lost === 0 && info.totalFrames !== null)
      throw new AppError('audio_truncated', { detail: 'The FLAC file ends before its first frame.' });
    judgeDamage({ lost: this.lost, total: this.good + this.lost }, session.warnings);
    judgeCompleteness({ declared: info.totalFrames, found: session.sink.totalFrames }, session.warnings);
    if (isCut) session.warnings.add('truncated');
  }

  free(): void {
    this.decoder.free();
  }

  /** Where positions are known they say how many frames a gap cost; the search for the next header only guesses. */
  private async fillGap(frame: CutFrame): Promise<void> {
    const guessed = this.gaps;
    this.gaps = 0;
    if (frame.position === null || this.expected === null) return;
    const missing = frame.position - this.expected;
    this.lost -= guessed;
    this.lose(Math.max(1, Math.ceil(missing / frame.blockSize)));
    this.gaps = 0;
    if (missing <= 0) return;
    await this.flush();
    this.context.session.sink.writeSilence(missing);
  }

  private async flush(): Promise<void> {
    const { session } = this.context;
    const batch = this.batch;
    this.batch = [];
    this.batchSamples = 0;
    if (batch.length === 0) return;
    const decoded = await this.decoder.decode(batch);
    this.good -= decoded.lost;
    if (decoded.lost > 0) this.lose(decoded.lost);
    this.gaps = 0;
    if (decoded.frames > 0) session.sink.write(decoded.planes, decoded.frames, this.decoder.gain);
    await session.clock.breathe();
  }
}
