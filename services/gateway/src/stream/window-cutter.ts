/**
 * Cuts overlapping windows out of a byte stream of samples as it arrives, messages cut anywhere. Holds the bytes that windows
 * still need and no others. Window `k` ends at sample `firstEnd + k · hop` and is as long as there is sound for, at most
 * `window`; together with the tail they cover every sample.
 */
import type { StreamPlan } from './window-plan.js';

export interface CutWindow {
  seq: number;
  startSample: number;
  endSample: number;
  /** Of exactly these samples; a copy. */
  bytes: Buffer;
  /** When its last sample arrived, by the clock of the caller. */
  arrivedAtMs: number;
}

export interface WindowCutterOptions {
  plan: StreamPlan;
  sampleRateHz: number;
  sampleBytes: number;
}

export class WindowCutter {
  readonly #rate: number;
  readonly #sampleBytes: number;
  readonly #windowSamples: number;
  readonly #hopSamples: number;
  readonly #firstEnd: number;
  readonly #chunks: Buffer[] = [];
  /** Position in the stream of the first byte of `#chunks`. */
  #heldFrom = 0;
  #received = 0;
  /** Windows cut or skipped. */
  #seq = 0;
  /** Arrival times of the windows that are complete and not yet cut. */
  readonly #arrivals: number[] = [];

  constructor({ plan, sampleRateHz, sampleBytes }: WindowCutterOptions) {
    this.#rate = sampleRateHz;
    this.#sampleBytes = sampleBytes;
    // Never more than the model takes: one sample too many after resampling would make a second window.
    this.#windowSamples = Math.floor(plan.windowSeconds * sampleRateHz);
    this.#hopSamples = Math.max(1, Math.round(plan.hopSeconds * sampleRateHz));
    this.#firstEnd = Math.min(this.#windowSamples, Math.round(plan.firstEndSeconds * sampleRateHz));
  }

  /** Whole samples so far. */
  get receivedSamples(): number {
    return Math.floor(this.#received / this.#sampleBytes);
  }

  get receivedBytes(): number {
    return this.#received;
  }

  get heldBytes(): number {
    return this.#received - this.#heldFrom;
  }

  /** Windows that are complete and wait. */
  get waiting(): number {
    return this.#arrivals.length;
  }

  seconds(samples: number): number {
    return samples / this.#rate;
  }

  push(bytes: Buffer, nowMs: number): void {
    this.#chunks.push(bytes);
    this.#received += bytes.length;
    while (this.receivedSamples >= this.#endOf(this.#seq + this.waiting)) this.#arrivals.push(nowMs);
  }

  next(): CutWindow | undefined {
    const arrivedAtMs = this.#arrivals.shift();
    return arrivedAtMs === undefined ? undefined : this.#cut(this.#endOf(this.#seq), arrivedAtMs);
  }

  /** Passes over the oldest window that waits. */
  skip(): void {
    if (this.#arrivals.shift() === undefined) return;
    this.#seq += 1;
    this.#release();
  }

  /** What no window reached, in a last one that ends with the stream. */
  tail(nowMs: number): CutWindow | undefined {
    const covered = this.#seq === 0 ? 0 : this.#endOf(this.#seq - 1);
    return this.receivedSamples > covered ? this.#cut(this.receivedSamples, nowMs) : undefined;
  }

  #endOf(seq: number): number {
    return this.#firstEnd + seq * this.#hopSamples;
  }

  #cut(endSample: number, arrivedAtMs: number): CutWindow {
    const startSample = Math.max(0, endSample - this.#windowSamples);
    const bytes = this.#slice(startSample * this.#sampleBytes, endSample * this.#sampleBytes);
    const window = { seq: this.#seq, startSample, endSample, bytes, arrivedAtMs };
    this.#seq += 1;
    this.#release();
    return window;
  }

  #slice(from: number, to: number): Buffer {
    const pieces: Buffer[] = [];
    let at = this.#heldFrom;
    for (const chunk of this.#chunks) {
      if (at >= to) break;
      if (at + chunk.length > from) pieces.push(chunk.subarray(Math.max(0, from - at), to - at));
      at += chunk.length;
    }
    return Buffer.concat(pieces);
  }

  /** Drops whole chunks before the start of the next window; a tail may begin a hop later, never earlier. */
  #release(): void {
    const keepFrom = Math.max(0, this.#endOf(this.#seq - 1) - this.#windowSamples) * this.#sampleBytes;
    for (let first = this.#chunks[0]; first && this.#heldFrom + first.length <= keepFrom; first = this.#chunks[0]) {
      this.#heldFrom += first.length;
      this.#chunks.shift();
    }
  }
}
