/** Remembers names in bounded memory. Pure. */
import { createHash } from 'node:crypto';

/** 8 MiB: of a million different names about ten are taken for seen. */
const bits = 2 ** 26;
const probes = 4;

/** A Bloom filter (Bloom 1970): a name it has seen is always known, another one very rarely too. */
export class SeenNames {
  readonly #bytes = new Uint8Array(bits / 8);

  /** @returns whether the name may have been added before; it has been now */
  add(name: string): boolean {
    const hash = createHash('sha256').update(name).digest();
    let known = true;
    for (let probe = 0; probe < probes; probe++) {
      const bit = hash.readUInt32LE(probe * 4) % bits;
      const byte = this.#bytes[bit >> 3] ?? 0;
      const mask = 1 << (bit & 7);
      known &&= (byte & mask) !== 0;
      this.#bytes[bit >> 3] = byte | mask;
    }
    return known;
  }
}
