import { describe, expect, it } from 'vitest';
import { PacketAssembler } from './ogg-packets.js';
import type { OggPage } from './ogg-pages.js';

/** A page of packets of the given sizes; a last size of 255 leaves the packet open. */
function page(sequence: number, lacing: number[], changes: Partial<OggPage> = {}): OggPage {
  const body = new Uint8Array(lacing.reduce((sum, size) => sum + size, 0)).fill(sequence);
  return {
    ...{ serial: 1, sequence, granule: 0, isContinued: false, isFirst: false, isLast: false },
    ...{ lacing: Uint8Array.from(lacing), body },
    ...changes,
  };
}

describe('PacketAssembler', () => {
  it('splits a page into its packets, the empty one included', () => {
    const { packets } = new PacketAssembler().add(page(0, [3, 0, 255, 10]));
    expect(packets.map((packet) => packet.length)).toEqual([3, 0, 265]);
  });

  it('joins a packet over three pages', () => {
    const assembler = new PacketAssembler();
    expect(assembler.add(page(0, [5, 255])).packets).toHaveLength(1);
    expect(assembler.add(page(1, [255], { isContinued: true })).packets).toHaveLength(0);
    const { packets } = assembler.add(page(2, [1, 4], { isContinued: true }));
    expect(packets.map((packet) => packet.length)).toEqual([511, 4]);
    expect([...new Set(packets[0])]).toEqual([0, 1, 2]);
  });

  it('drops the rest of a packet whose beginning was on a lost page and counts the page', () => {
    const assembler = new PacketAssembler();
    assembler.add(page(0, [255]));
    const { packets, missingPages } = assembler.add(page(2, [7, 9], { isContinued: true }));
    expect(missingPages).toBe(1);
    expect(packets.map((packet) => packet.length)).toEqual([9]);
  });

  it('drops a packet that never ended when the next page begins anew', () => {
    const assembler = new PacketAssembler();
    assembler.add(page(0, [255]));
    expect(assembler.add(page(1, [9])).packets.map((packet) => packet.length)).toEqual([9]);
  });

  it('drops packets over 1 MiB without collecting them', () => {
    const assembler = new PacketAssembler();
    const full = Array<number>(255).fill(255);
    assembler.add(page(0, full));
    for (let i = 1; i < 40; i++) assembler.add(page(i, full, { isContinued: true }));
    const { packets } = assembler.add(page(40, [1, 8], { isContinued: true }));
    expect(packets.map((packet) => packet.length)).toEqual([8]);
  });
});
