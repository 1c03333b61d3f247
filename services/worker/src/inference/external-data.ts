/**
 * Finds tensors whose numbers lie outside an ONNX file. Such references name paths, have been used to read files of
 * others (CVE-2024-27318) and escape the checksum of the model, so a model must hold all its numbers itself.
 * Reads protobuf fields by the numbers of onnx.proto3; everything not named here is skipped.
 */

/** The fields of a message in which tensors may lie, by number. */
type Shape = () => Readonly<Record<number, Shape>>;

const tensor: Shape = () => ({});
const sparseTensor: Shape = () => ({ 1: tensor, 2: tensor });
const attribute: Shape = () => ({ 5: tensor, 6: graph, 10: tensor, 11: graph, 22: sparseTensor, 23: sparseTensor });
const node: Shape = () => ({ 5: attribute });
const graph: Shape = () => ({ 1: node, 5: tensor, 15: sparseTensor });
const definedFunction: Shape = () => ({ 7: node, 11: attribute });
const training: Shape = () => ({ 1: graph, 2: graph });
const model: Shape = () => ({ 7: graph, 20: training, 25: definedFunction });

const tensorFields = { externalData: 13, dataLocation: 14 } as const;
const maxDepth = 64;

/** @throws RangeError when the bytes are no protobuf message or nest deeper than any model */
export function hasExternalData(onnx: Uint8Array): boolean {
  return search(Buffer.from(onnx.buffer, onnx.byteOffset, onnx.byteLength), model, 0);
}

function search(bytes: Buffer, shape: Shape, depth: number): boolean {
  if (depth > maxDepth) throw new RangeError('the file nests too deeply');
  const inside = shape();
  for (const { number, value } of fieldsOf(bytes)) {
    if (shape === tensor && number === tensorFields.externalData) return true;
    if (shape === tensor && number === tensorFields.dataLocation && value === 1) return true;
    const child = inside[number];
    if (child && value instanceof Buffer && search(value, child, depth + 1)) return true;
  }
  return false;
}

/** Fields in order: numbers for varints, bytes for length-delimited ones, `undefined` for fixed-size ones. */
function* fieldsOf(bytes: Buffer): Generator<{ number: number; value: number | Buffer | undefined }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number is too long');
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('a field is cut off');
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wireType = key % 8;
    if (wireType === 0) yield { number, value: varint() };
    else if (wireType === 1) yield { number, value: void take(8) };
    else if (wireType === 2) yield { number, value: take(varint()) };
    else if (wireType === 5) yield { number, value: void take(4) };
    else throw new RangeError('a field has an unknown type');
  }
}
