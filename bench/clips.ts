/** Clips for the benchmarks: made from the bundled samples, each with its own bytes, so nothing can be re-used. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { wavHeader } from '@timbre/shared/wav-header';
import { root } from '@timbre/shared/testing/test-system';
import { decodeClip, defaultDecodeLimits } from '@timbre/preprocess/audio/decode-clip';

const rateHz = 44_100;

/** `count` 16-bit mono wav files of `seconds` at 44.1 kHz, numbered from `first`: equal numbers give equal files. */
export async function benchClips(count: number, seconds: number, first = 0): Promise<Uint8Array[]> {
  const names = (await readdir(join(root, 'samples'))).filter(
    (name) => /\.(wav|flac|mp3|ogg)$/.test(name) && !name.startsWith('mute'),
  );
  const sources = await Promise.all(
    names.map(async (name) => {
      const bytes = new Uint8Array(await readFile(join(root, 'samples', name)));
      return (await decodeClip(bytes, { targetRateHz: rateHz, limits: defaultDecodeLimits })).pcm;
    }),
  );
  return Array.from({ length: count }, (_, index) =>
    toWav(sources[index % sources.length] ?? new Float32Array(1), first + index, seconds),
  );
}

function toWav(pcm: Float32Array, serial: number, seconds: number): Uint8Array {
  const samples = seconds * rateHz;
  const file = Buffer.concat([wavHeader('pcm16', rateHz, samples * 2), Buffer.alloc(samples * 2)]);
  for (let index = 0; index < samples; index += 1) {
    const value = (pcm[index % pcm.length] ?? 0) * 32_767;
    file.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(value))), 44 + index * 2);
  }
  // The serial number sits in the last two samples, far under what anyone could hear.
  file.writeInt16LE(serial % 251, file.length - 4);
  file.writeInt16LE(Math.floor(serial / 251), file.length - 2);
  return new Uint8Array(file);
}
