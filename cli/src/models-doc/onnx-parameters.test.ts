import { describe, expect, it } from 'vitest';
import { countParameters } from './onnx-parameters.js';

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)]);
const message = (number: number, body: number[]) => [...varint(number * 8 + 2), ...varint(body.length), ...body];
const number = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
const FLOAT = 1;
const INT64 = 7;
const unpacked = (type: number, dims: number[]) => [...dims.flatMap((dim) => number(1, dim)), ...number(2, type)];
const packed = (type: number, dims: number[]) => [...message(1, dims.flatMap(varint)), ...number(2, type)];
const model = (...tensors: number[][]) =>
  Uint8Array.from([
    ...number(1, 8),
    ...message(
      7,
      tensors.flatMap((tensor) => message(5, tensor)),
    ),
  ]);

describe('countParameters', () => {
  it('counts 24×1×3×5 weights and 24 biases as 384, dims packed or not, and no int64 shape', () => {
    expect(countParameters(model(unpacked(FLOAT, [24, 1, 3, 5]), packed(FLOAT, [24]), packed(INT64, [4])))).toBe(384);
  });

  it('reads sizes of more than one byte: 300×200', () => {
    expect(countParameters(model(packed(FLOAT, [300, 200])))).toBe(60_000);
  });

  it('is 0 for a graph without initializers, and a scalar counts 1', () => {
    expect(countParameters(model())).toBe(0);
    expect(countParameters(model(unpacked(FLOAT, [])))).toBe(1);
  });

  it('refuses what is no protobuf', () => {
    expect(() => countParameters(Uint8Array.of(0x3a, 0x7f, 1))).toThrow(RangeError);
    expect(() => countParameters(Uint8Array.of(0xff))).toThrow('does not end');
    expect(() => countParameters(Uint8Array.of(0x0b))).toThrow('wire type 3');
  });
});
