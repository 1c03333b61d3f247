/**
 * Minimum-rate rule for request bodies: a body slower than the limit, averaged over ten seconds, is cut with 408. It
 * replaces Node's fixed request timeout, which cuts honest long uploads and lets slow ones live for minutes.
 */
import type { IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { AppError } from '@timbre/shared/errors';

export interface IngressOptions {
  minBytesPerSecond: number;
  windowMs?: number;
}

/** Passes bytes through; errors with `request_timeout` when they come too slowly. */
export class IngressGuard extends Transform {
  bytes = 0;
  private windowStartBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor({ minBytesPerSecond, windowMs = 10_000 }: IngressOptions) {
    super();
    this.timer = setInterval(() => {
      // A reader that holds the stream back (a slow store) is not the client's fault.
      const blocked = this.readableLength >= this.readableHighWaterMark;
      const received = this.bytes - this.windowStartBytes;
      this.windowStartBytes = this.bytes;
      if (!blocked && received < (minBytesPerSecond * windowMs) / 1000)
        this.destroy(new AppError('request_timeout', { details: { limitBytesPerSecond: minBytesPerSecond } }));
    }, windowMs);
    this.timer.unref();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    clearInterval(this.timer);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.timer);
    done(error);
  }
}

/**
 * The body of a request behind a guard. The request itself is never destroyed, whatever goes wrong downstream: its socket
 * still has to carry the answer. A body that ends early, and an abort, fail the guard.
 */
export function guardBody(request: IncomingMessage, options: IngressOptions, signal: AbortSignal): IngressGuard {
  const guard = new IngressGuard(options);
  const endedEarly = (): void => {
    if (!request.complete) guard.destroy(new AppError('upload_incomplete'));
  };
  const abort = (): void => void guard.destroy(signal.reason as Error);
  request.once('error', endedEarly).once('close', endedEarly);
  signal.addEventListener('abort', abort, { once: true });
  guard.once('close', () => {
    request.unpipe(guard);
    signal.removeEventListener('abort', abort);
  });
  request.pipe(guard);
  return guard;
}
