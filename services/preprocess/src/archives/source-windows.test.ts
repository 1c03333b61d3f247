import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceWindows } from './source-windows.js';
import { memorySource } from './testing/memory-source.js';
import { noise } from './testing/sounds.js';

const content = noise(10_000);
const never = new AbortController().signal;
const sizes = { first: 64, largest: 1024 };

describe('SourceWindows', () => {
  it('gives the bytes of the source, whatever is asked for in whatever order', async () => {
    const asked = fc.array(fc.tuple(fc.nat(11_000), fc.nat(4000), fc.boolean()), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(asked, async (requests) => {
        const windows = new SourceWindows(memorySource(content), never, sizes);
        for (const [offset, length, isChunked] of requests) {
          const parts: Buffer[] = [];
          if (isChunked) for await (const part of windows.chunks(offset, length)) parts.push(part);
          const bytes = isChunked ? Buffer.concat(parts) : await windows.bytes(offset, length);
          expect(bytes.equals(content.subarray(offset, offset + length))).toBe(true);
        }
      }),
    );
  });

  it('reads all once, in windows that double up to the largest, when reading goes forward', async () => {
    const source = memorySource(content);
    const windows = new SourceWindows(source, never, sizes);
    for (let at = 0; at < content.length; at += 7) await windows.bytes(at, 7);
    expect(source.readBytes).toBe(content.length);
    expect(source.reads).toBe(14);
  });

  it('reads two of the smallest windows for each jump', async () => {
    const source = memorySource(content);
    const windows = new SourceWindows(source, never, sizes);
    for (let i = 0; i < 100; i++) await windows.bytes(i % 2 === 0 ? 1000 : 8000, 10);
    expect(source.readBytes).toBe(100 * 2 * sizes.first);
  });

  it('fails with what the source fails with, and with the reason of an aborted signal', async () => {
    const broken = { ...memorySource(content), read: () => Promise.reject(new Error('gone')) };
    await expect(new SourceWindows(broken, never).bytes(0, 1)).rejects.toThrow('gone');
    const short = { ...memorySource(content), read: () => Promise.resolve(Buffer.alloc(1)) };
    await expect(new SourceWindows(short, never).bytes(0, 9)).rejects.toThrow('fewer bytes');
    const abort = new AbortController();
    abort.abort(new Error('canceled'));
    await expect(new SourceWindows(memorySource(content), abort.signal).bytes(0, 1)).rejects.toThrow('canceled');
  });
});
