/**
 * Reads the content of a `put` piece by piece.
 *
 * The stream stays its owner's: a put that fails stops reading but does not destroy it, because the owner may be a request
 * that still has to be answered. An abort ends the wait at once, even when the source never sends another byte.
 */
import type { Readable } from 'node:stream';
import { AppError, isAppError } from '../errors.js';

/**
 * The chunks of a stream in order. Call it as soon as the stream is handed over: from then on its errors are reported here,
 * and none can end the process for want of a listener, not even after the put is over.
 * @throws the reason of `signal`; AppErrors of the source as they are; anything else that ends the source early as
 * `upload_incomplete`
 */
export function sourceChunks(source: Readable, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  source.on('error', () => undefined);
  return readChunks(source, signal);
}

async function* readChunks(source: Readable, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void> {
  let wake: () => void = () => undefined;
  const onChange = () => wake();
  const events = ['readable', 'end', 'close', 'error'];
  for (const event of events) source.on(event, onChange);
  signal?.addEventListener('abort', onChange);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (source.errored) throw asSourceError(source.errored);
      const chunk = source.read() as Buffer | string | null;
      if (chunk !== null) {
        yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        continue;
      }
      if (source.readableEnded) return;
      if (source.destroyed) throw asSourceError(source.errored);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const event of events) source.off(event, onChange);
    signal?.removeEventListener('abort', onChange);
  }
}

function asSourceError(cause: unknown): AppError {
  if (isAppError(cause)) return cause;
  return new AppError('upload_incomplete', { detail: 'the content ended early', cause });
}
