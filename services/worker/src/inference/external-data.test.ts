import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasExternalData } from './external-data.js';
import { brittleGraph, linearGraph } from './testing/tiny-models.js';
import { externalFloats, message, onnxModel } from './testing/onnx-writer.js';

const outside = externalFloats('w', [4, 3], 'weights.bin');

describe('external data', () => {
  it('is absent from models that hold their own numbers', () => {
    expect(hasExternalData(onnxModel(linearGraph()))).toBe(false);
    expect(hasExternalData(onnxModel(brittleGraph()))).toBe(false);
  });

  it.each([
    ['an initializer', message([7, message([5, outside])])],
    ['a sparse initializer', message([7, message([15, message([1, outside])])])],
    ['a node attribute', message([7, message([1, message([5, message([5, outside])])])])],
    ['a subgraph of a node', message([7, message([1, message([5, message([6, message([5, outside])])])])])],
    ['a function of the model', message([25, message([7, message([5, message([5, outside])])])])],
    ['only a data location', message([7, message([5, message([8, 'w'], [14, 1])])])],
  ])('is found in %s', (_where, bytes) => {
    expect(hasExternalData(bytes)).toBe(true);
  });

  it('answers or throws RangeError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          hasExternalData(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it('throws on a model cut at any byte inside its graph', () => {
    const bytes = onnxModel(linearGraph());
    const cut = Array.from({ length: bytes.length - 8 }, (_, length) => bytes.subarray(0, length + 4));
    const refused = cut.filter((part) => {
      try {
        hasExternalData(part);
        return false;
      } catch {
        return true;
      }
    });
    expect(refused).toHaveLength(cut.length);
  });
});
