import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WindowCutter, type CutWindow } from './window-cutter.js';

const plan = { windowSeconds: 2, hopSeconds: 0.5, firstEndSeconds: 1 };
const newCutter = (sampleRateHz = 8) => new WindowCutter({ plan, sampleRateHz, sampleBytes: 2 });

/** Sample `i` is the number `i`. */
function samples(count: number): Buffer {
  const bytes = Buffer.alloc(count * 2);
  for (let i = 0; i < count; i++) bytes.writeUInt16LE(i, i * 2);
  return bytes;
}

const numbers = ({ bytes }: CutWindow) => Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(i * 2));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('WindowCutter', () => {
  it('cuts 3 s at 8 Hz into windows that end at 1, 1.5, 2, 2.5 and 3 s and are 2 s long at most', () => {
    const cutter = newCutter();
    cutter.push(samples(24), 0);
    const windows = Array.from({ length: cutter.waiting }, () => cutter.next()!);
    expect(windows.map(({ seq, startSample, endSample }) => [seq, startSample, endSample])).toEqual([
      [0, 0, 8],
      [1, 0, 12],
      [2, 0, 16],
      [3, 4, 20],
      [4, 8, 24],
    ]);
    expect(numbers(windows[4]!)).toEqual(range(8, 24));
    expect(cutter.tail(0)).toBeUndefined();
  });

  it('gives the same windows however the bytes are cut, and covers every sample with them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 37 }), { maxLength: 60 }), (sizes) => {
        const total = sizes.reduce((a, b) => a + b, 0);
        const bytes = samples(Math.ceil(total / 2)).subarray(0, total);
        const cutter = newCutter();
        const windows: CutWindow[] = [];
        let at = 0;
        for (const size of sizes) {
          cutter.push(bytes.subarray(at, (at += size)), 0);
          for (let next = cutter.next(); next; next = cutter.next()) windows.push(next);
        }
        const tail = cutter.tail(0);
        if (tail) windows.push(tail);
        expect(windows.map(({ seq }) => seq)).toEqual(range(0, windows.length));
        for (const window of windows) expect(numbers(window)).toEqual(range(window.startSample, window.endSample));
        expect(windows.at(-1)?.endSample ?? 0).toBe(Math.floor(total / 2));
        for (const [index, { startSample }] of windows.entries())
          expect(startSample).toBeLessThanOrEqual(windows[index - 1]?.endSample ?? 0);
      }),
    );
  });

  it('leaps over a skipped window, and tells the arrival of the last sample of each', () => {
    const cutter = newCutter();
    cutter.push(samples(8), 100);
    cutter.push(samples(4), 200);
    cutter.skip();
    expect(cutter.next()).toMatchObject({ seq: 1, endSample: 12, arrivedAtMs: 200 });
    expect(cutter.next()).toBeUndefined();
  });

  it('holds no more than a window, a hop and a message of 10 minutes', () => {
    const cutter = newCutter(8000);
    const second = Buffer.alloc(16_000);
    let most = 0;
    for (let i = 0; i < 600; i++) {
      cutter.push(second, 0);
      while (cutter.next()) most = Math.max(most, cutter.heldBytes);
    }
    expect(most).toBeLessThanOrEqual(16_000 * 4);
    expect(cutter.receivedSamples).toBe(600 * 8000);
  });
});
