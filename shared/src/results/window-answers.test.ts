import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWindowAnswers, encodeWindowAnswers } from './window-answers.js';

const answers = {
  outputs: Float32Array.of(1, -2, 0.5, 3),
  rmsDbfs: Float32Array.of(-20, -60),
  offsets: Float64Array.of(0, 2, 1, 3),
};
const corrupt = expect.objectContaining({ code: 'storage_corrupt' });

describe('window answers', () => {
  it('are little-endian base64: 1 as F32 is AACAPw==', () => {
    const one = { outputs: Float32Array.of(1), rmsDbfs: Float32Array.of(1), offsets: Float64Array.of(1, 1) };
    expect(encodeWindowAnswers(one)).toEqual({
      outputs: 'AACAPw==',
      rmsDbfs: 'AACAPw==',
      offsets: 'AAAAAAAA8D8AAAAAAADwPw==',
    });
  });

  it('come back to the bit, from views into larger memory too', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 40 }),
        (labels, levels) => {
          const raw = {
            outputs: Float32Array.from({ length: 1 + labels * levels.length }, (_, at) => Math.sin(at)).subarray(1),
            rmsDbfs: Float32Array.from(levels),
            offsets: Float64Array.from({ length: levels.length * 2 }, (_, at) => at / 3),
          };
          expect(decodeWindowAnswers(encodeWindowAnswers(raw), labels)).toEqual(raw);
        },
      ),
    );
  });

  it('are refused for another number of labels', () => {
    const encoded = encodeWindowAnswers(answers);
    expect(decodeWindowAnswers(encoded, 2)).toEqual(answers);
    expect(() => decodeWindowAnswers(encoded, 3)).toThrow(corrupt);
    expect(() => decodeWindowAnswers(encoded, 1)).toThrow(corrupt);
  });

  it('are refused when a time is missing, a number is cut, or a letter is no base64', () => {
    const encoded = encodeWindowAnswers(answers);
    const cut = Buffer.alloc(6).toString('base64');
    const { offsets } = encodeWindowAnswers({ ...answers, offsets: Float64Array.of(0, 2, 1) });
    expect(() => decodeWindowAnswers({ ...encoded, offsets }, 2)).toThrow(corrupt);
    expect(() => decodeWindowAnswers({ ...encoded, rmsDbfs: cut }, 2)).toThrow(corrupt);
    expect(() => decodeWindowAnswers({ ...encoded, outputs: encoded.outputs.slice(1) }, 2)).toThrow(corrupt);
    expect(() => decodeWindowAnswers({ ...encoded, outputs: `!${encoded.outputs.slice(1)}` }, 2)).toThrow(corrupt);
  });
});
