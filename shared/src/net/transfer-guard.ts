/**
 * Bounds a body while it passes: so many bytes in all, and not slower than a minimum rate.
 *
 * The rate is judged over windows of time, and only while somebody waits for the sender: when our own side does not read, the
 * sender is slow because of us.
 */
import { Transform, type TransformCallback } from 'node:stream';
import { AppError } from '../errors.js';

export interface TransferLimits {
  maxBytes: number;
  /** Bytes per second, averaged over `rateWindowMs`. */
  minBytesPerSecond: number;
  rateWindowMs: number;
}

/** Fails with `url_too_large`, or `url_unreachable` when the sender trickles. */
export class TransferGuard extends Transform {
  readonly #limits: TransferLimits;
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #bytesInWindow = 0;

  constructor(limits: TransferLimits) {
    super();
    this.#limits = limits;
    this.#timer = setInterval(() => this.#judgeWindow(), limits.rateWindowMs);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    this.#bytesInWindow += chunk.length;
    if (this.#bytes > this.#limits.maxBytes) done(tooLarge(this.#limits.maxBytes, this.#bytes));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    clearInterval(this.#timer);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#timer);
    done(error);
  }

  #judgeWindow(): void {
    const { minBytesPerSecond, rateWindowMs } = this.#limits;
    const bytesPerSecond = (this.#bytesInWindow * 1000) / rateWindowMs;
    this.#bytesInWindow = 0;
    const readerIsSlow = this.readableLength > 0;
    if (!readerIsSlow && bytesPerSecond < minBytesPerSecond) this.destroy(tooSlow(bytesPerSecond, minBytesPerSecond));
  }
}

export function tooLarge(limit: number, observed: number): AppError {
  return new AppError('url_too_large', { details: { limit, observed } });
}

function tooSlow(observed: number, limit: number): AppError {
  return new AppError('url_unreachable', {
    detail: 'the host sends too slowly',
    details: { reason: 'slow', limitBytesPerSecond: limit, observedBytesPerSecond: Math.round(observed) },
  });
}
