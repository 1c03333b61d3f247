/**
 * Writes small ONNX files, field by field (onnx.proto3, IR version 8, opset 13), so tests need neither Python nor files
 * of others. Only what the tests use.
 */

type Field = [number: number, value: number | string | Uint8Array];

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
};

/** A protobuf message: numbers become varints; strings, bytes and messages become length-delimited fields. */
export function message(...fields: Field[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === 'number') return Buffer.from([...varint(number << 3), ...varint(value)]);
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
  });
  return Buffer.concat(parts);
}

const float32 = 1;
const int64 = 7;
export const elementTypes = { float32, int64, float64: 11 } as const;

export interface Value {
  name: string;
  /** Strings are free axes, `''` one without a name. */
  dims: (number | string)[];
  type?: number;
}

const valueInfo = ({ name, dims, type = float32 }: Value) => {
  const shape = message(
    ...dims.map((dim): Field => [1, dim === '' ? message() : message([typeof dim === 'number' ? 1 : 2, dim])]),
  );
  return message([1, name], [2, message([1, message([1, type], [2, shape])])]);
};

/** A float32 initializer, row-major. */
export function floats(name: string, dims: number[], values: number[]): Uint8Array {
  const raw = new Uint8Array(Float32Array.from(values).buffer);
  return message(...dims.map((dim): Field => [1, dim]), [2, float32], [8, name], [9, raw]);
}

/** A one-dimensional int64 initializer. */
export function ints(name: string, values: number[]): Uint8Array {
  const raw = new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
  return message([1, values.length], [2, int64], [8, name], [9, raw]);
}

/** A float32 initializer whose numbers lie in another file. */
export function externalFloats(name: string, dims: number[], location: string): Uint8Array {
  const entry = message([1, 'location'], [2, location]);
  return message(...dims.map((dim): Field => [1, dim]), [2, float32], [8, name], [13, entry], [14, 1]);
}

/** A node; integer attributes only. */
export function node(
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, number> = {},
): Uint8Array {
  const listed = Object.entries(attributes).map(([name, value]): Field => [5, message([1, name], [3, value], [20, 2])]);
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, op],
    ...listed,
  );
}

export interface Graph {
  nodes: Uint8Array[];
  initializers?: Uint8Array[];
  inputs: Value[];
  outputs: Value[];
}

export function onnxModel({ nodes, initializers = [], inputs, outputs }: Graph): Uint8Array {
  const graph = message(
    ...nodes.map((bytes): Field => [1, bytes]),
    [2, 'test'],
    ...initializers.map((bytes): Field => [5, bytes]),
    ...inputs.map((value): Field => [11, valueInfo(value)]),
    ...outputs.map((value): Field => [12, valueInfo(value)]),
  );
  return message([1, 8], [7, graph], [8, message([2, 13])]);
}
