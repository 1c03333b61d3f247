/** Recordings for tests of the page, made of the samples. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { wavHeader, wavHeaderBytes } from '@timbre/shared/wav-header';
import { sample } from '../client.js';

export const micRateHz = 44_100;

/** Two samples in the way of a microphone: silence, drums, silence, violin, each with its start in seconds. */
export async function microphoneWav(
  folder: string,
): Promise<{ path: string; drumsAt: number; violinAt: number; seconds: number }> {
  const silence = (seconds: number) => Buffer.alloc(Math.round(seconds * micRateHz) * 2);
  const [drums, violin] = [await pcmOf('drums-01.wav'), await pcmOf('violin-01.wav')];
  const secondsOf = (pcm: Buffer) => pcm.length / 2 / micRateHz;
  const pcm = Buffer.concat([silence(2), drums, drums, silence(1), violin, violin, silence(1)]);
  const path = join(folder, 'microphone.wav');
  await writeFile(path, Buffer.concat([wavHeader('pcm16', micRateHz, pcm.length), pcm]));
  return { path, drumsAt: 2, violinAt: 3 + 2 * secondsOf(drums), seconds: secondsOf(pcm) };
}

async function pcmOf(name: string): Promise<Buffer> {
  const file = await readFile(sample(name));
  const { length } = file;
  if (file.readUInt32LE(24) === micRateHz) return file.subarray(wavHeaderBytes);
  // Half the rate: each sample twice over, with its neighbour's mean between.
  const out = Buffer.alloc((length - wavHeaderBytes) * 2);
  for (let at = wavHeaderBytes; at < length; at += 2) {
    const here = file.readInt16LE(at);
    const next = at + 2 < length ? file.readInt16LE(at + 2) : here;
    out.writeInt16LE(here, (at - wavHeaderBytes) * 2);
    out.writeInt16LE((here + next) >> 1, (at - wavHeaderBytes) * 2 + 2);
  }
  return out;
}

/** One clip of each instrument and one that is no sound, in folders named after what they are. */
export const labelledClips: readonly (readonly [label: string, name: string])[] = [
  ['drums', 'drums-01.wav'],
  ['drums', 'drums-02.ogg'],
  ['guitar', 'guitar-01.flac'],
  ['piano', 'piano-01.mp3'],
  ['piano', 'piano-02.ogg'],
  ['violin', 'violin-01.wav'],
  ['violin', 'violin-02.m4a'],
];

/** As a folder's tar; with `broken`, a clip that is no sound is among them. */
export async function labelledTar(path: string, { broken = true } = {}): Promise<string> {
  const archive = pack();
  for (const [label, name] of labelledClips)
    archive.entry({ name: `recordings/${label}/${name}` }, await readFile(sample(name)));
  if (broken) archive.entry({ name: 'recordings/piano/notes.wav' }, 'these are words, whatever the name says');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  await writeFile(path, Buffer.concat(chunks));
  return path;
}
