import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { byteChunks } from './byte-chunks.js';
import { streamOf } from './testing/sample-items.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function textsOf(chunks: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = [];
  for await (const chunk of chunks) texts.push(chunk.toString());
  return texts;
}

describe('byteChunks', () => {
  it('joins 3 small pieces and starts a new chunk at 64 Ki characters', async () => {
    const large = 'x'.repeat(65_536);
    expect(await textsOf(byteChunks(streamOf(['a', 'b', large, 'c'])))).toEqual([`ab${large}`, 'c']);
  });

  it('gives nothing for nothing', async () => {
    expect(await textsOf(byteChunks(streamOf([])))).toEqual([]);
  });

  it('hands over what it has when the source is quiet for 250 ms, and goes on', async () => {
    let wake: () => void = () => undefined;
    async function* slow() {
      yield 'a';
      await new Promise<void>((resolve) => (wake = resolve));
      yield 'b';
    }
    const chunks = byteChunks(slow());
    const first = chunks.next();
    await vi.advanceTimersByTimeAsync(250);
    expect(String((await first).value)).toBe('a');
    const second = chunks.next();
    wake();
    expect(String((await second).value)).toBe('b');
    expect((await chunks.next()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind when the reading ends early', async () => {
    const chunks = byteChunks(streamOf(['x'.repeat(65_536), 'b']));
    await chunks.next();
    await chunks.return();
    expect(vi.getTimerCount()).toBe(0);
  });
});
