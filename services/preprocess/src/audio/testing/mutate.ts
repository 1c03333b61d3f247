/** Ways in which files get damaged, and in which people damage them. */
import { sealPage, splitPages } from './ogg-bytes.js';

type Random = () => number;

/** A damaged copy; the same sequence of random numbers gives the same damage. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  const mutations = [flipBits, overwriteHeader, cut, zeroStretch, duplicateStretch, removeStretch, extremeNumber];
  let mutant: Buffer = Buffer.from(bytes);
  const rounds = 1 + Math.floor(random() * 3);
  for (let round = 0; round < rounds; round++) mutant = pick(mutations, random)(mutant, random);
  // Behind wrong checksums the Ogg codecs are never reached.
  return mutant.toString('latin1', 0, 4) === 'OggS' && random() < 0.7 ? resealed(mutant) : mutant;
}

function pick<T>(choices: T[], random: Random): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError('nothing to choose from');
  return choice;
}

function position(bytes: Buffer, random: Random): number {
  return Math.floor(random() * Math.max(1, bytes.length));
}

function flipBits(bytes: Buffer, random: Random): Buffer {
  const flips = 1 + Math.floor(random() ** 3 * 200);
  for (let i = 0; i < flips; i++) {
    const at = position(bytes, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  }
  return bytes;
}

function overwriteHeader(bytes: Buffer, random: Random): Buffer {
  for (let i = 0; i < 4; i++) bytes[Math.floor(random() * Math.min(200, bytes.length))] = Math.floor(random() * 256);
  return bytes;
}

function cut(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, position(bytes, random));
}

function zeroStretch(bytes: Buffer, random: Random): Buffer {
  const at = position(bytes, random);
  return bytes.fill(0, at, Math.min(bytes.length, at + Math.floor(random() * 2000)));
}

function duplicateStretch(bytes: Buffer, random: Random): Buffer {
  const at = position(bytes, random);
  const stretch = bytes.subarray(at, at + Math.floor(random() * 5000));
  return Buffer.concat([bytes.subarray(0, at), stretch, bytes.subarray(at)]);
}

function removeStretch(bytes: Buffer, random: Random): Buffer {
  const at = position(bytes, random);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + Math.floor(random() * 5000))]);
}

function extremeNumber(bytes: Buffer, random: Random): Buffer {
  const at = Math.floor(random() * Math.min(400, Math.max(0, bytes.length - 4)));
  if (bytes.length >= 4) bytes.writeUInt32LE(pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff], random), at);
  return bytes;
}

/** Pages with their checksums made right again, as far as they still are pages. */
function resealed(bytes: Buffer): Buffer {
  const marks: number[] = [];
  for (let at = bytes.indexOf('OggS'); at >= 0; at = bytes.indexOf('OggS', at + 1)) marks.push(at);
  const parts = marks.map((mark, i) => bytes.subarray(mark, marks[i + 1] ?? bytes.length));
  return Buffer.concat(
    parts.map((part) => {
      const page = part.length > 27 ? splitPages(part)[0] : undefined;
      return page && page.length <= part.length && page.length > 27 ? sealPage(page) : part;
    }),
  );
}
