/**
 * Tensor pack: the windows of one clip, ready for a model, as one safetensors object.
 *
 * Layout (safetensors 0.x: 8-byte little-endian header length, JSON header, data). Tensors:
 * `windows` F32 `[n, ...windowShape]`, `offsets` F64 `[n, 2]` (start and end in seconds of the clip),
 * `rmsDbfs` F32 `[n]` (loudness of each window). `__metadata__.timbre` holds the facts as JSON; `dataCrc32` covers the data.
 * A pack is checked in full before anything trusts it: any damage is `tensor_corrupt`.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { AppError } from './errors.js';
import { clipFactsSchema, clipQualitySchema } from './contracts/clip.js';

const MAX_HEADER_BYTES = 64 * 1024;

export const packFactsSchema = z.strictObject({
  packVersion: z.literal(1),
  featureDigest: z.string(),
  clipSha256: z.string(),
  clip: clipFactsSchema,
  quality: clipQualitySchema,
  warnings: z.array(z.string()),
  dataCrc32: z.int().nonnegative(),
});
export type PackFacts = z.infer<typeof packFactsSchema>;

export interface TensorPack {
  facts: PackFacts;
  /** `[n, ...windowShape]` */
  shape: number[];
  /** Row-major, length = product of `shape`. */
  windows: Float32Array;
  /** `[n, 2]`, seconds. */
  offsets: Float64Array;
  /** `[n]`, dBFS, at least -120. */
  rmsDbfs: Float32Array;
}

type Dtype = 'F32' | 'F64';
const entrySchema = z.strictObject({
  dtype: z.enum(['F32', 'F64']),
  shape: z.array(z.int().nonnegative()).min(1).max(6),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z.strictObject({
  __metadata__: z.strictObject({ timbre: z.string() }),
  offsets: entrySchema,
  windows: entrySchema,
  rmsDbfs: entrySchema,
});

const bytesOf = (array: Float32Array | Float64Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const corrupt = (detail: string, cause?: unknown) => new AppError('tensor_corrupt', { detail, cause });

/** Serialises a pack; `facts.dataCrc32` is computed here. The result owns its memory. */
export function encodeTensorPack(pack: Omit<TensorPack, 'facts'> & { facts: Omit<PackFacts, 'dataCrc32'> }): Buffer {
  // F64 first, so every tensor stays aligned to its element size.
  const data = Buffer.concat([bytesOf(pack.offsets), bytesOf(pack.windows), bytesOf(pack.rmsDbfs)]);
  const facts: PackFacts = { ...pack.facts, dataCrc32: crc32(data) };
  const rows = pack.shape[0] ?? 0;
  const ends = [pack.offsets.byteLength, pack.offsets.byteLength + pack.windows.byteLength, data.byteLength] as const;
  const entry = (dtype: Dtype, shape: number[], from: number, to: number) => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });
  let header = JSON.stringify({
    __metadata__: { timbre: JSON.stringify(facts) },
    offsets: entry('F64', [rows, 2], 0, ends[0]),
    windows: entry('F32', pack.shape, ends[0], ends[1]),
    rmsDbfs: entry('F32', [rows], ends[1], ends[2]),
  });
  header += ' '.repeat((8 - (Buffer.byteLength(header) % 8)) % 8);
  const headerBytes = Buffer.from(header);
  // Not Buffer.concat: its small results share Node's pool and cannot be transferred between threads.
  const encoded = Buffer.from(new ArrayBuffer(8 + headerBytes.length + data.length));
  encoded.writeBigUInt64LE(BigInt(headerBytes.length));
  headerBytes.copy(encoded, 8);
  data.copy(encoded, 8 + headerBytes.length);
  return encoded;
}

/**
 * Parses and checks a whole pack. The returned arrays are copies.
 * @throws AppError `tensor_corrupt`
 */
export function decodeTensorPack(bytes: Uint8Array): TensorPack {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 8) throw corrupt('the pack is shorter than its prefix');
  const headerLength = Number(buffer.readBigUInt64LE(0));
  if (headerLength > MAX_HEADER_BYTES || 8 + headerLength > buffer.length)
    throw corrupt('the header does not fit the pack');
  const header = parseJson(headerSchema, buffer.toString('utf8', 8, 8 + headerLength));
  const facts = parseJson(packFactsSchema, header.__metadata__.timbre);
  const data = buffer.subarray(8 + headerLength);
  if (crc32(data) !== facts.dataCrc32) throw corrupt('the data does not match its CRC');
  const slice = (name: 'windows' | 'offsets' | 'rmsDbfs', dtype: Dtype) => sliceTensor(data, header[name], dtype, name);
  const rows = header.windows.shape[0] ?? 0;
  if (header.offsets.shape.join() !== `${rows},2` || header.rmsDbfs.shape.join() !== `${rows}`)
    throw corrupt('the tensors disagree about the number of windows');
  const covered = [header.offsets, header.windows, header.rmsDbfs].reduce(
    (sum, e) => sum + e.data_offsets[1] - e.data_offsets[0],
    0,
  );
  if (covered !== data.length) throw corrupt('the tensors do not cover the data');
  return {
    facts,
    shape: header.windows.shape,
    windows: new Float32Array(slice('windows', 'F32')),
    offsets: new Float64Array(slice('offsets', 'F64')),
    rmsDbfs: new Float32Array(slice('rmsDbfs', 'F32')),
  };
}

function sliceTensor(data: Buffer, entry: z.infer<typeof entrySchema>, dtype: Dtype, name: string): ArrayBuffer {
  const [from, to] = entry.data_offsets;
  const elements = entry.shape.reduce((product, size) => product * size, 1);
  if (entry.dtype !== dtype || to > data.length || to - from !== elements * (dtype === 'F64' ? 8 : 4))
    throw corrupt(`tensor "${name}" does not fit its description`);
  const copy = new ArrayBuffer(to - from);
  new Uint8Array(copy).set(data.subarray(from, to));
  return copy;
}

function parseJson<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw corrupt('the header is not what a tensor pack has', cause);
  }
}
