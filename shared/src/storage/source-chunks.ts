/**
 * Reads the content of a `put` piece by piece.
 *
 * The stream stays its owner's: a put that fails stops reading but does not destroy it, because the owner may be a request
 * that still has to be answered. An abort ends the wait at once, even when the source never sends another byte.
 */
import type { Readable } from 'node:stream';
import { AppError, isAppError } from '../errors.js';

/**
 * The chunks of a stream in order. @throws the reason of `signal`; AppErrors of the source as they are; anything else that
 * ends the source early as `upload_incomplete`
 */
export async function* sourceChunks(source: Readable, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  let wake: () => void = () => undefined;
  let failure: unknown;
  const onChange = () => wake();
  const onError = (error: unknown) => {
    failure = error;
    wake();
  };
  // `errored` covers a source that failed before anybody listened.
  failure = source.errored ?? undefined;
  source.on('readable', onChange).on('end', onChange).on('close', onChange).on('error', onError);
  signal?.addEventListener('abort', onChange);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (failure !== undefined) throw asSourceError(failure);
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
    source.off('readable', onChange).off('end', onChange).off('close', onChange).off('error', onError);
    signal?.removeEventListener('abort', onChange);
  }
}

function asSourceError(cause: unknown): AppError {
  if (isAppError(cause)) return cause;
  return new AppError('upload_incomplete', { detail: 'the content ended early', cause });
}
