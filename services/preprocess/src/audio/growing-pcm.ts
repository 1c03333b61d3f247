/**
 * Mono PCM of a length that is known only at the end. Grows by doubling, so a lying header costs nothing and an honest one
 * saves the copies; never grows past the cap that the caller enforces on the length.
 */
const FIRST_CAPACITY = 65_536;
/** A header's word for the length is taken at once up to this many samples (16 MiB); beyond, growth must earn it. */
const MAX_HINT = 4 * 1024 * 1024;

export class GrowingPcm {
  private samples: Float32Array<ArrayBuffer>;
  length = 0;

  constructor(expectedSamples: number | null) {
    this.samples = new Float32Array(Math.min(expectedSamples ?? FIRST_CAPACITY, MAX_HINT));
  }

  /** Copies `chunk` to the end. */
  append(chunk: Float32Array): void {
    const needed = this.length + chunk.length;
    if (needed > this.samples.length) {
      const grown = new Float32Array(Math.max(needed, this.samples.length * 2, FIRST_CAPACITY));
      grown.set(this.samples.subarray(0, this.length));
      this.samples = grown;
    }
    this.samples.set(chunk, this.length);
    this.length = needed;
  }

  /** The samples, alone in their buffer (so it can be transferred to another thread). The object is used up. */
  take(): Float32Array<ArrayBuffer> {
    const taken = this.samples.length === this.length ? this.samples : this.samples.slice(0, this.length);
    this.samples = new Float32Array(0);
    this.length = 0;
    return taken;
  }
}
