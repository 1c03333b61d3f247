/** Inflating a stream piece by piece, so that what was good before a damage still comes out. */
import type { Gunzip, InflateRaw } from 'node:zlib';

/** Deflate makes at most 1032 bytes of one: a piece can become 16 MiB in memory, and no more. */
const PIECE_BYTES = 16 * 1024;

/**
 * Yields what the engine makes of the input. Everything inflated before an error is yielded before it is thrown.
 * The engine is closed when the generator ends.
 */
export async function* inflateChunks(
  engine: Gunzip | InflateRaw,
  input: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  const out: Buffer[] = [];
  let failure: Error | undefined;
  engine.on('data', (chunk: Buffer) => out.push(chunk));
  const failed = new Promise<void>((resolve) => {
    engine.on('error', (error: Error) => {
      failure = error;
      resolve();
    });
  });
  const ended = new Promise<void>((resolve) => engine.once('end', resolve));
  try {
    for await (const chunk of input)
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const written = new Promise<void>((resolve) => {
          engine.write(chunk.subarray(at, at + PIECE_BYTES), () => resolve());
        });
        await Promise.race([written, failed]);
        yield* out.splice(0);
        throwIfFailed(failure);
      }
    engine.end();
    await Promise.race([ended, failed]);
    yield* out.splice(0);
    throwIfFailed(failure);
  } finally {
    engine.destroy();
  }
}

function throwIfFailed(failure: Error | undefined): void {
  if (failure) throw failure;
}
