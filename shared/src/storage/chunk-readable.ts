/** A `Readable` over a generator of chunks that can be ended at once, even while the generator waits for bytes. */
import { Readable } from 'node:stream';

export interface ChunkReadableOptions {
  /** Called once when the stream closes for any reason: ends the wait and lets go of what the generator holds. */
  release: () => void;
  signal?: AbortSignal | undefined;
}

/**
 * `Readable.from` would wait for the pending chunk before it closes, which is forever when a server stalls; here closing
 * releases first. The generator's errors become the stream's; an abort destroys it with the reason of the signal.
 */
export function chunkReadable(
  chunks: AsyncGenerator<Buffer, void>,
  { release, signal }: ChunkReadableOptions,
): Readable {
  const stream = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(asError(error)),
      );
    },
    destroy(error, callback) {
      signal?.removeEventListener('abort', onAbort);
      release();
      // A generator that stands at a yield is ended here; its own failure was delivered by `read` or no longer matters.
      chunks.return(undefined).catch(() => undefined);
      callback(error);
    },
  });
  const onAbort = () => stream.destroy(asError(signal?.reason));
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  return stream;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the read ended', { cause: error });
}
