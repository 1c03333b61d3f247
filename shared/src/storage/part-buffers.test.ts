import { describe, expect, it } from 'vitest';
import { createPartBuffers } from './part-buffers.js';

describe('part buffers', () => {
  it('cut a stream into whole parts and a rest', () => {
    const buffers = createPartBuffers(100_000);
    const parts: string[] = [];
    for (let rest = Buffer.alloc(250_000, 'ab'); rest.length > 0;) {
      rest = rest.subarray(buffers.append(rest));
      if (buffers.isFull) parts.push(buffers.turn().toString());
    }
    parts.push(buffers.turn().toString());
    expect(parts.map((part) => part.length)).toEqual([100_000, 100_000, 50_000]);
    expect(parts.join('')).toBe('ab'.repeat(125_000));
  });

  it('leave a part alone while the next is filled', () => {
    const buffers = createPartBuffers(4);
    buffers.append(Buffer.from('1111'));
    const first = buffers.turn();
    buffers.append(Buffer.from('2222'));
    expect(first.toString()).toBe('1111');
    buffers.turn();
    buffers.append(Buffer.from('3333'));
    expect(first.toString()).toBe('3333');
  });

  it('take no more than fits and keep what was there while they grow', () => {
    const buffers = createPartBuffers(200_000);
    expect(buffers.append(Buffer.alloc(70_000, 1))).toBe(70_000);
    expect(buffers.append(Buffer.alloc(150_000, 2))).toBe(130_000);
    expect(buffers.append(Buffer.alloc(1))).toBe(0);
    expect(buffers.filled().equals(Buffer.concat([Buffer.alloc(70_000, 1), Buffer.alloc(130_000, 2)]))).toBe(true);
  });
});
