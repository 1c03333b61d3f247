/** Decodes a clip in the browser, for pictures of it only: what the server hears is its own decoding. */

export interface DecodedClip {
  /** Mono mix, -1..1. */
  samples: Float32Array<ArrayBuffer>;
  sampleRateHz: number;
  durationSeconds: number;
}

/** Beyond this the decoded sound would fill the memory of a phone. */
export const MAX_DRAWN_BYTES = 300 * 1024 * 1024;

/**
 * @param sampleRateHz the clip is resampled to it, 8000..96000
 * @throws DOMException `EncodingError` for what this browser cannot decode
 */
export async function decodeClip(content: Blob, sampleRateHz: number): Promise<DecodedClip> {
  if (content.size > MAX_DRAWN_BYTES) throw new DOMException('too large to draw', 'EncodingError');
  const context = new OfflineAudioContext(1, 1, sampleRateHz);
  const audio = await context.decodeAudioData(await content.arrayBuffer());
  return { samples: mixDown(audio), sampleRateHz, durationSeconds: audio.duration };
}

function mixDown(audio: AudioBuffer): Float32Array<ArrayBuffer> {
  const mono = audio.getChannelData(0).slice();
  for (let channel = 1; channel < audio.numberOfChannels; channel += 1) {
    const samples = audio.getChannelData(channel);
    for (let i = 0; i < mono.length; i += 1) mono[i] = (mono[i] ?? 0) + (samples[i] ?? 0);
  }
  if (audio.numberOfChannels > 1)
    for (let i = 0; i < mono.length; i += 1) mono[i] = (mono[i] ?? 0) / audio.numberOfChannels;
  return mono;
}
