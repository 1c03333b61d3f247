/** Uncompressed audio, wherever its container put it: converted, mixed and resampled block by block. */
import { AppError } from '@timbre/shared/errors';
import { judgeCompleteness } from './damage.js';
import type { DecodeSession } from './decode-session.js';
import { createSampleReader, type SampleEncoding } from './sample-reader.js';

export interface PcmLayout {
  encoding: SampleEncoding;
  sampleRateHz: number;
  channels: number;
  /** Where the samples begin in the file. */
  dataOffset: number;
  /** Bytes of samples the header promises; `null` when it was streamed and the samples go on to the end of the file. */
  declaredBytes: number | null;
}

/** Frames converted between two looks at the clock. */
const BLOCK_FRAMES = 16_384;

/** Pours the samples of `layout` into the sink. Throws `audio_empty`, `audio_truncated` and what the sink throws. */
export async function decodePcm(bytes: Uint8Array, layout: PcmLayout, session: DecodeSession): Promise<void> {
  const { sink, clock, warnings } = session;
  const frameBytes = layout.encoding.bytes * layout.channels;
  const available = Math.max(0, bytes.length - layout.dataOffset);
  const frames = Math.floor(Math.min(available, layout.declaredBytes ?? available) / frameBytes);
  const declaredFrames = layout.declaredBytes === null ? null : Math.floor(layout.declaredBytes / frameBytes);
  sink.begin(layout, declaredFrames ?? frames);
  if ((declaredFrames ?? frames) === 0) throw new AppError('audio_empty');
  judgeCompleteness({ declared: declaredFrames, found: frames }, warnings);

  const read = createSampleReader(layout.encoding);
  const samples = new Float32Array(BLOCK_FRAMES * layout.channels);
  for (let done = 0; done < frames; done += BLOCK_FRAMES) {
    const count = Math.min(BLOCK_FRAMES, frames - done);
    const from = layout.dataOffset + done * frameBytes;
    read(bytes.subarray(from, from + count * frameBytes), count * layout.channels, samples);
    sink.writeInterleaved(samples, count);
    await clock.breathe();
  }
}
