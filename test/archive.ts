/** Archives for tests: short wav clips, all different, with spoiled ones among them. */
import { pack } from 'tar-stream';
import { wavHeader } from '@timbre/shared/wav-header';

const rateHz = 8000;

/** 16-bit mono wav of a plucked tone; equal serials give equal bytes. */
export function toneWav(serial: number, seconds = 0.25): Buffer {
  const samples = Math.round(seconds * rateHz);
  const file = Buffer.concat([wavHeader('pcm16', rateHz, samples * 2), Buffer.alloc(samples * 2)]);
  const step = (2 * Math.PI * (110 + (serial % 997))) / rateHz;
  for (let at = 0; at < samples; at += 1)
    file.writeInt16LE(Math.round(12_000 * Math.exp(-at / 1200) * Math.sin(step * at)), 44 + at * 2);
  file.writeUInt16LE(serial % 65_536, file.length - 4);
  file.writeUInt16LE(Math.floor(serial / 65_536), file.length - 2);
  return file;
}

/** What is wrong with every n-th clip, and the code it must end with. */
export const spoiled: readonly { bytes: () => Buffer; code: string }[] = [
  { bytes: () => Buffer.alloc(0), code: 'audio_empty' },
  { bytes: () => Buffer.from('this is text, not sound, whatever its name says'), code: 'audio_unrecognized_format' },
  { bytes: () => toneWav(1).subarray(0, 60), code: 'audio_truncated' },
];

export const spoiledCode = (index: number, every: number): string | undefined =>
  index % every === every - 1 ? spoiled[Math.floor(index / every) % spoiled.length]?.code : undefined;

/** A tar of `clips` entries; each `spoilEvery`-th is spoiled. `prefix` becomes part of every name. */
export async function tarOf(
  clips: number,
  { spoilEvery = 0, prefix = 'clips', first = 0 }: { spoilEvery?: number; prefix?: string; first?: number } = {},
): Promise<Buffer> {
  const archive = pack();
  for (let index = 0; index < clips; index += 1) {
    const spoil = spoilEvery > 0 && index % spoilEvery === spoilEvery - 1;
    const bytes = spoil ? spoiled[Math.floor(index / spoilEvery) % spoiled.length]!.bytes() : toneWav(first + index);
    archive.entry({ name: `${prefix}/${String(index).padStart(6, '0')}.wav` }, bytes);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
