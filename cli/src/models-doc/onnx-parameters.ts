/**
 * How many numbers an ONNX graph has learnt: the sizes of its floating-point and 8-bit initializers. Reads the few protobuf
 * fields it needs (onnx/onnx.proto, IR version 3 and later) instead of loading a runtime. Pure.
 */

const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR_DIMS = 1;
const TENSOR_DATA_TYPE = 2;
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
/** FLOAT, UINT8, INT8, FLOAT16, DOUBLE, BFLOAT16; other types are shapes and indices. */
const WEIGHT_TYPES = new Set([1, 2, 3, 10, 11, 16]);

interface Field {
  number: number;
  /** Of a varint. */
  value: number;
  /** Of a length-delimited field. */
  bytes: Uint8Array;
}

const nothing = new Uint8Array();

/** @throws RangeError when the bytes are not protobuf */
export function countParameters(onnx: Uint8Array): number {
  let count = 0;
  for (const graph of fieldsOf(onnx)) {
    if (graph.number !== MODEL_GRAPH) continue;
    for (const tensor of fieldsOf(graph.bytes)) if (tensor.number === GRAPH_INITIALIZER) count += sizeOf(tensor.bytes);
  }
  return count;
}

function sizeOf(tensor: Uint8Array): number {
  let size = 1;
  let type = 0;
  for (const { number, value, bytes } of fieldsOf(tensor)) {
    if (number === TENSOR_DATA_TYPE) type = value;
    // One varint, or all of them packed.
    if (number === TENSOR_DIMS) size *= bytes.length > 0 ? productOf(bytes) : value;
  }
  return WEIGHT_TYPES.has(type) ? size : 0;
}

function productOf(packed: Uint8Array): number {
  let product = 1;
  for (let at = 0; at < packed.length;) {
    const [value, next] = readVarint(packed, at);
    product *= value;
    at = next;
  }
  return product;
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const [tag, start] = readVarint(message, at);
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === VARINT) {
      const [value, next] = readVarint(message, start);
      yield { number, value, bytes: nothing };
      at = next;
    } else if (wire === LENGTH_DELIMITED) {
      const [length, from] = readVarint(message, start);
      at = from + length;
      if (at > message.length) throw new RangeError('a field reaches past the end');
      yield { number, value: 0, bytes: message.subarray(from, at) };
    } else if (wire === FIXED_32 || wire === FIXED_64) at = start + (wire === FIXED_32 ? 4 : 8);
    else throw new RangeError(`wire type ${wire} is not used by ONNX`);
  }
}

/** Sizes are far below 2^53; the bits beyond belong to negative numbers, which no field read here has. */
function readVarint(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  for (let at = from; at < Math.min(bytes.length, from + 10); at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return [value, at + 1];
  }
  throw new RangeError('a number does not end');
}
