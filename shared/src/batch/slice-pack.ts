/**
 * What the preprocess stage hands to inference for a slice: the tensor packs of its clips in one object, with the clips that
 * are decided already. Layout: 8-byte little-endian header length, JSON header, packs back to back. The reference to it
 * carries its SHA-256, and every pack inside checks itself.
 */
import { z } from 'zod';
import { AppError } from '../errors.js';
import { itemResultSchema, type BatchItem, type ItemResult } from '../contracts/batch.js';

const entrySchema = z.strictObject({
  index: z.int().nonnegative(),
  path: z.string(),
  id: z.string().optional(),
  expected: z.string().optional(),
  duplicateOf: z.int().nonnegative().optional(),
  bytes: z.int().nonnegative(),
  /** Of its tensor pack, from the end of the header. */
  offset: z.int().nonnegative(),
  length: z.int().positive(),
});
const headerSchema = z.strictObject({ v: z.literal(1), packs: z.array(entrySchema), done: z.array(itemResultSchema) });

/** A clip with its tensor pack. */
export interface PackedClip {
  item: Pick<BatchItem, 'index' | 'path' | 'id' | 'expected' | 'duplicateOf'>;
  /** Of the audio. */
  bytes: number;
  pack: Uint8Array;
}

export interface SlicePack {
  clips: PackedClip[];
  done: ItemResult[];
}

export function encodeSlicePack({ clips, done }: SlicePack): Buffer {
  let offset = 0;
  const packs = clips.map(({ item, bytes, pack }) => {
    const { index, path, id, expected, duplicateOf } = item;
    const entry = { index, path, id, expected, duplicateOf, bytes, offset, length: pack.byteLength };
    offset += pack.byteLength;
    return entry;
  });
  const header = Buffer.from(JSON.stringify({ v: 1, packs, done }));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([prefix, header, ...clips.map(({ pack }) => pack)]);
}

/**
 * The packs are views of `bytes`.
 * @throws AppError `tensor_corrupt`
 */
export function decodeSlicePack(bytes: Buffer): SlicePack {
  const headerLength = bytes.length < 8 ? Infinity : Number(bytes.readBigUInt64LE(0));
  if (8 + headerLength > bytes.length) throw new AppError('tensor_corrupt', { detail: 'the slice pack is cut short' });
  const header = parseHeader(bytes.toString('utf8', 8, 8 + headerLength));
  const body = bytes.subarray(8 + headerLength);
  const clips = header.packs.map(({ offset, length, bytes: audioBytes, index, path, ...rest }) => {
    if (offset + length > body.length) throw new AppError('tensor_corrupt', { detail: 'the slice pack is cut short' });
    const { id, expected, duplicateOf } = rest;
    const item = {
      index,
      path,
      ...(id === undefined ? {} : { id }),
      ...(expected === undefined ? {} : { expected }),
      ...(duplicateOf === undefined ? {} : { duplicateOf }),
    };
    return { item, bytes: audioBytes, pack: body.subarray(offset, offset + length) };
  });
  return { clips, done: header.done };
}

function parseHeader(text: string): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('tensor_corrupt', { detail: 'the header is not that of a slice pack', cause });
  }
}
