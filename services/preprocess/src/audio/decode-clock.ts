/**
 * Time for one clip: the wall-clock deadline and cancellation. Decoders run synchronously inside a worker thread, so they
 * come up for air between chunks; without that, an abort sent from the main thread would never arrive.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '@timbre/shared/errors';

/** Longest stretch of decoding between two turns of the event loop. */
const MAX_STRETCH_MS = 20;

export interface DecodeClockOptions {
  wallMs: number;
  signal?: AbortSignal | undefined;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

export class DecodeClock {
  private readonly now: () => number;
  private readonly startedAt: number;
  private lastTurnAt: number;

  constructor(private readonly options: DecodeClockOptions) {
    this.now = options.now ?? (() => performance.now());
    this.startedAt = this.now();
    this.lastTurnAt = this.startedAt;
  }

  remainingMs(): number {
    return this.options.wallMs - (this.now() - this.startedAt);
  }

  /** Throws the signal's reason when aborted, `audio_decode_timeout` past the deadline. */
  check(): void {
    this.options.signal?.throwIfAborted();
    if (this.remainingMs() <= 0) throw this.timeout();
  }

  timeout(cause?: unknown): AppError {
    return new AppError('audio_decode_timeout', {
      detail: `Decoding took longer than ${this.options.wallMs} ms.`,
      details: { limit: this.options.wallMs },
      cause,
    });
  }

  /** To be awaited between chunks: lets the event loop turn at least every 20 ms, then checks. */
  async breathe(): Promise<void> {
    if (this.now() - this.lastTurnAt >= MAX_STRETCH_MS) {
      await nextTurn();
      this.lastTurnAt = this.now();
    }
    this.check();
  }
}
