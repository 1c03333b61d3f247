import { wavHeader, wavHeaderBytes } from '@timbre/shared/wav-header';

/** 16-bit mono wav of noise that fades in and out each second: nothing in it is skipped as silence, no two are equal. */
export function noiseWav(seconds: number, rateHz: number): Uint8Array<ArrayBuffer> {
  const samples = Math.round(seconds * rateHz);
  const bytes = new Uint8Array(wavHeaderBytes + samples * 2);
  bytes.set(wavHeader('pcm16', rateHz, samples * 2));
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < samples; at += 1)
    view.setInt16(wavHeaderBytes + at * 2, (Math.random() - 0.5) * 24_000 * Math.sin((Math.PI * at) / rateHz), true);
  return bytes;
}
