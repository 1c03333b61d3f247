/** A FLAC file that is tiny and decodes to as much silence as one likes: 65,535 samples per channel in some 50 bytes. */

const BLOCK_SIZE = 65_535;

export interface BombShape {
  frames: number;
  channels: number;
  rateHz: number;
  /** Total in STREAMINFO; 0 is "unknown". */
  declaredSamples?: number;
}

export function flacBomb({ frames, channels, rateHz, declaredSamples = 0 }: BombShape): Buffer {
  const pieces = [streamInfo({ channels, rateHz, declaredSamples })];
  for (let number = 0; number < frames; number++) pieces.push(silentFrame(number, channels));
  return Buffer.concat(pieces);
}

function streamInfo({
  channels,
  rateHz,
  declaredSamples,
}: {
  channels: number;
  rateHz: number;
  declaredSamples: number;
}): Buffer {
  const bits = 16;
  const block = Buffer.alloc(34);
  block.writeUInt16BE(BLOCK_SIZE, 0);
  block.writeUInt16BE(BLOCK_SIZE, 2);
  const packed =
    (BigInt(rateHz) << 44n) | (BigInt(channels - 1) << 41n) | (BigInt(bits - 1) << 36n) | BigInt(declaredSamples);
  block.writeBigUInt64BE(packed, 10);
  return Buffer.concat([Buffer.from('fLaC', 'latin1'), Buffer.from([0x80, 0, 0, 34]), block]);
}

/** One frame of constant subframes whose value is zero. */
function silentFrame(number: number, channels: number): Buffer {
  const blockSizeIn16Bits = 0x70;
  const header = [0xff, 0xf8, blockSizeIn16Bits, (channels - 1) << 4, ...codedNumber(number), 0xff, 0xfe];
  const withCrc = [...header, crc(header, 8, 0x07)];
  const body = [...withCrc, ...Array.from({ length: channels }, () => [0, 0, 0]).flat()];
  const check = crc(body, 16, 0x8005);
  return Buffer.from([...body, check >> 8, check & 255]);
}

function codedNumber(value: number): number[] {
  return [...Buffer.from(String.fromCodePoint(value), 'utf8')];
}

function crc(bytes: number[], width: 8 | 16, polynomial: number): number {
  const top = 1 << (width - 1);
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) value = value & top ? (value << 1) ^ polynomial : value << 1;
    value &= (1 << width) - 1;
  }
  return value;
}
