/** Raw samples of any width and byte order to floats in -1..1. Integers are scaled by 2^(bits-1), as ffmpeg does. */
export interface SampleEncoding {
  kind: 'unsigned8' | 'int' | 'float' | 'alaw' | 'mulaw';
  /** Bytes of one sample: 1 to 4 for `int`, 4 or 8 for `float`, else 1. */
  bytes: number;
  bigEndian: boolean;
}

/** Converts the first `count` samples of `source` into `out`. */
export type SampleReader = (source: Uint8Array, count: number, out: Float32Array) => void;

/** The reader keeps a scratch buffer, so it must not be shared between clips that are decoded at the same time. */
export function createSampleReader(encoding: SampleEncoding): SampleReader {
  switch (encoding.kind) {
    case 'unsigned8':
      return (source, count, out) => {
        for (let i = 0; i < count; i++) out[i] = ((source[i] ?? 0) - 128) / 128;
      };
    case 'alaw':
      return tableReader(alawTable());
    case 'mulaw':
      return tableReader(mulawTable());
    case 'float':
      return encoding.bytes === 8 ? viewReader(encoding, Float64Array, 1) : viewReader(encoding, Float32Array, 1);
    case 'int':
      return intReader(encoding);
  }
}

function intReader(encoding: SampleEncoding): SampleReader {
  switch (encoding.bytes) {
    case 1:
      return viewReader(encoding, Int8Array, 1 / 2 ** 7);
    case 2:
      return viewReader(encoding, Int16Array, 1 / 2 ** 15);
    case 3:
      return int24Reader(encoding.bigEndian);
    case 4:
      return viewReader(encoding, Int32Array, 1 / 2 ** 31);
    default:
      throw new RangeError(`no integer samples of ${encoding.bytes} bytes`);
  }
}

type NumericView = ArrayLike<number> & { readonly length: number };
type ViewConstructor = new (buffer: ArrayBuffer, offset: number, length: number) => NumericView;

/** Copies into an aligned scratch buffer, swaps there when needed, then reads through a typed array. */
function viewReader(encoding: SampleEncoding, View: ViewConstructor, scale: number): SampleReader {
  const { bytes, bigEndian } = encoding;
  let scratch = new ArrayBuffer(0);
  return (source, count, out) => {
    if (scratch.byteLength < count * bytes) scratch = new ArrayBuffer(count * bytes);
    const copy = Buffer.from(scratch, 0, count * bytes);
    copy.set(source.subarray(0, count * bytes));
    if (bigEndian) swapBytes(copy, bytes);
    const view = new View(scratch, 0, count);
    for (let i = 0; i < count; i++) out[i] = (view[i] ?? 0) * scale;
  };
}

function swapBytes(samples: Buffer, bytes: number): void {
  if (bytes === 2) samples.swap16();
  else if (bytes === 4) samples.swap32();
  else if (bytes === 8) samples.swap64();
}

function int24Reader(bigEndian: boolean): SampleReader {
  const [low, high] = bigEndian ? [2, 0] : [0, 2];
  return (source, count, out) => {
    for (let i = 0, at = 0; i < count; i++, at += 3) {
      const value = ((source[at + high] ?? 0) << 24) | ((source[at + 1] ?? 0) << 16) | ((source[at + low] ?? 0) << 8);
      out[i] = value / 2 ** 31;
    }
  };
}

function tableReader(table: Float32Array): SampleReader {
  return (source, count, out) => {
    for (let i = 0; i < count; i++) out[i] = table[source[i] ?? 0] ?? 0;
  };
}

/** ITU-T G.711 A-law, expanded to 16 bits: sign, 3 bits of exponent, 4 of mantissa, even bits inverted. */
function alawTable(): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => {
    const bits = code ^ 0x55;
    const exponent = (bits >> 4) & 7;
    const mantissa = ((bits & 15) << 4) + 8;
    const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
    return (bits & 0x80 ? magnitude : -magnitude) / 32_768;
  });
}

/** ITU-T G.711 µ-law, expanded to 16 bits: all bits inverted, bias 132. */
function mulawTable(): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => {
    const bits = ~code & 0xff;
    const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
    return (bits & 0x80 ? -magnitude : magnitude) / 32_768;
  });
}
