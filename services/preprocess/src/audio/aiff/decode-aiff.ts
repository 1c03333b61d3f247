/** AIFF and the uncompressed kinds of AIFF-C in process. */
import { decodePcm } from '../decode-pcm.js';
import type { InProcessDecoder } from '../decode-session.js';
import { ownDecoderName } from '../decoder-versions.js';
import { parseAiff } from './parse-aiff.js';

export const decodeAiff: InProcessDecoder = async (bytes, session) => {
  const header = parseAiff(bytes);
  if (header.kind === 'compressed') return null;
  await decodePcm(bytes, header.layout, session);
  const { sampleRateHz, channels } = header.layout;
  return { format: 'aiff', codec: header.codec, sampleRateHz, channels, decoder: ownDecoderName() };
};
