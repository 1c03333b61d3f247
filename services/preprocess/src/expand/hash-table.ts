/**
 * From the first 8 bytes of a SHA-256 to a number, in 16 bytes a clip: a million clips cost 32 MB, where a Map would take ten
 * times that. Two different clips share 8 bytes once in 10^7 archives of a million; whoever takes a result by it compares
 * the whole digest.
 */
export interface HashTable {
  readonly size: number;
  /** Keeps the first number given for a hash. Returns the one that is there now. */
  add(hash: Buffer, value: number): number;
  get(hash: Buffer): number | undefined;
}

export const hashBytes = 8;

/** @param sha256 lower-case hex */
export const hashOf = (sha256: string): Buffer => Buffer.from(sha256.slice(0, hashBytes * 2), 'hex');

export function createHashTable(): HashTable {
  let slots = 1024;
  let words = new Uint32Array(slots * 2);
  /** -1: free. */
  let values = new Float64Array(slots).fill(-1);
  let size = 0;

  const find = (low: number, high: number): number => {
    let slot = (low ^ high) & (slots - 1);
    while (values[slot] !== -1 && (words[slot * 2] !== low || words[slot * 2 + 1] !== high))
      slot = (slot + 1) & (slots - 1);
    return slot;
  };

  const grow = (): void => {
    const [oldWords, oldValues] = [words, values];
    slots *= 2;
    words = new Uint32Array(slots * 2);
    values = new Float64Array(slots).fill(-1);
    for (const [old, value] of oldValues.entries()) {
      if (value === -1) continue;
      const low = oldWords[old * 2] ?? 0;
      const high = oldWords[old * 2 + 1] ?? 0;
      const slot = find(low, high);
      words[slot * 2] = low;
      words[slot * 2 + 1] = high;
      values[slot] = value;
    }
  };

  return {
    get size() {
      return size;
    },
    add(hash, value) {
      const low = hash.readUInt32LE(0);
      const high = hash.readUInt32LE(4);
      const slot = find(low, high);
      const old = values[slot] ?? -1;
      if (old !== -1) return old;
      words[slot * 2] = low;
      words[slot * 2 + 1] = high;
      values[slot] = value;
      size += 1;
      if (size * 2 > slots) grow();
      return value;
    },
    get(hash) {
      const value = values[find(hash.readUInt32LE(0), hash.readUInt32LE(4))] ?? -1;
      return value === -1 ? undefined : value;
    },
  };
}
