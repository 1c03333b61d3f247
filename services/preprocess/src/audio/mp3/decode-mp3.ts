/**
 * MPEG audio layers I to III with mpg123 (WASM), which also removes the encoder's delay and padding where a LAME tag names
 * them. What mpg123 skips in silence - missing frames, garbage - is counted by our own scan.
 */
import { MPEGDecoder } from 'mpg123-decoder';
import { AppError } from '@timbre/shared/errors';
import { corrupt, judgeCompleteness, judgeDamage } from '../damage.js';
import type { DecodeSession, InProcessDecoder } from '../decode-session.js';
import { decoderName } from '../decoder-versions.js';
import { skipId3 } from '../id3.js';
import { runDecoder, withDecoder } from '../wasm-decoder.js';
import { findMpegStart, scanMpeg, type MpegScan } from './scan-mpeg.js';

/** At 8 kbit/s this is 16 s of audio, 6 MB of PCM: the bound on what one call can produce. */
const CHUNK_BYTES = 16 * 1024;

export const decodeMp3: InProcessDecoder = async (bytes, session) => {
  const tagEnd = skipId3(bytes);
  if (tagEnd >= bytes.length) throw new AppError('audio_truncated', { detail: 'The file ends inside its ID3 tag.' });
  const start = findMpegStart(bytes, tagEnd);
  const scan = start < 0 ? null : scanMpeg(bytes, start);
  if (!scan) throw corrupt('No MPEG frames follow the ID3 tag.');
  const { header, frames, lostFrames, declaredFrames } = scan;
  judgeCompleteness({ declared: declaredFrames, found: frames + lostFrames, tolerance: 1 }, session.warnings);
  judgeDamage({ lost: lostFrames, total: frames + lostFrames }, session.warnings);
  session.sink.begin(header, frames * header.samplesPerFrame);
  const reports = await withDecoder(
    () => new MPEGDecoder(),
    (decoder) => pour(decoder, { bytes, scan, session }),
  );
  judgeDamage({ lost: lostFrames + reports, total: frames + lostFrames }, session.warnings);
  const { sampleRateHz, channels, layer } = header;
  return { format: 'mp3', codec: `mp${layer}`, sampleRateHz, channels, decoder: decoderName('mpg123-decoder') };
};

/** Decodes chunk by chunk; answers how many frames mpg123 complained about. */
async function pour(
  decoder: MPEGDecoder,
  { bytes, scan, session }: { bytes: Uint8Array; scan: MpegScan; session: DecodeSession },
): Promise<number> {
  const { channels } = scan.header;
  let { sampleRateHz } = scan.header;
  let reports = 0;
  for (let at = scan.start; at < scan.end; at += CHUNK_BYTES) {
    const chunk = bytes.subarray(at, Math.min(at + CHUNK_BYTES, scan.end));
    const decoded = runDecoder(() => decoder.decode(chunk));
    reports += decoded.reports;
    const { channelData, samplesDecoded, sampleRate } = decoded.value;
    if (samplesDecoded > 0) {
      if (sampleRate !== sampleRateHz) {
        sampleRateHz = sampleRate;
        session.sink.begin({ sampleRateHz, channels }, null);
      }
      // mpg123 is told to deliver stereo; both sides of a mono clip are the same.
      session.sink.write(channelData.slice(0, channels), samplesDecoded);
    }
    await session.clock.breathe();
  }
  return reports;
}
