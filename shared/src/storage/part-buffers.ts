/**
 * Two buffers that take turns: one is filled while the other is on its way. They are reused, so an upload of any length
 * holds twice a part; and they grow from small, so a short upload does not cost a whole part.
 */
const FIRST_BYTES = 64 * 1024;

export interface PartBuffers {
  readonly isFull: boolean;
  /** Copies what fits. @returns how much that was */
  append(chunk: Buffer): number;
  /** What was appended, without a copy: valid until the next call. */
  filled(): Buffer;
  /** Hands out what was appended and turns to the other buffer, whose bytes must not be in use any more. */
  turn: () => Buffer;
}

export function createPartBuffers(partBytes: number): PartBuffers {
  let filling = Buffer.alloc(0);
  let other = Buffer.alloc(0);
  let used = 0;

  const grow = (needed: number) => {
    if (needed <= filling.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(partBytes, Math.max(needed, 2 * filling.length, FIRST_BYTES)));
    filling.copy(larger, 0, 0, used);
    filling = larger;
  };

  return {
    get isFull() {
      return used === partBytes;
    },
    append(chunk) {
      const taken = Math.min(chunk.length, partBytes - used);
      grow(used + taken);
      chunk.copy(filling, used, 0, taken);
      used += taken;
      return taken;
    },
    filled: () => filling.subarray(0, used),
    turn() {
      const part = filling.subarray(0, used);
      [filling, other] = [other, filling];
      used = 0;
      return part;
    },
  };
}
