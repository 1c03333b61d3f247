/** WAV in process: 8 to 32-bit integers, 32 and 64-bit floats, A-law and µ-law. */
import { decodePcm } from '../decode-pcm.js';
import type { InProcessDecoder } from '../decode-session.js';
import { ownDecoderName } from '../decoder-versions.js';
import { parseWav } from './parse-wav.js';

export const decodeWav: InProcessDecoder = async (bytes, session) => {
  const header = parseWav(bytes, session.limits);
  if (header.kind === 'compressed') return null;
  await decodePcm(bytes, header.layout, session);
  const { sampleRateHz, channels } = header.layout;
  return { format: 'wav', codec: header.codec, sampleRateHz, channels, decoder: ownDecoderName() };
};
