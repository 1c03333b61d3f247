/** Inflating a stream piece by piece, so that what was good before a damage still comes out. */
import type { Gunzip, InflateRaw } from 'node:zlib';

/** Deflate makes at most 1032 bytes of one: a piece can become 16 MiB in memory, and no more. */
const PIECE_BYTES = 16 * 1024;

/**
 * Yields what the engine makes of the input. Everything inflated before an error is yielded before it is thrown; what lies
 * behind the end of the compressed data is not looked at. The engine is closed when the generator ends.
 */
export async function* inflateChunks(
  engine: Gunzip | InflateRaw,
  input: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  const out: Buffer[] = [];
  const state: { failure?: Error; isOver: boolean } = { isOver: false };
  // Behind the end of the data an engine never calls back for what it is given: its own end must be waited for, too.
  const over = new Promise<void>((resolve) => {
    const finish = () => {
      state.isOver = true;
      resolve();
    };
    engine.on('data', (chunk: Buffer) => out.push(chunk)).once('end', finish);
    engine.on('error', (error: Error) => {
      state.failure = error;
      finish();
    });
  });
  const write = (piece: Buffer) => new Promise<void>((resolve) => engine.write(piece, () => resolve()));
  try {
    for await (const piece of piecesOf(input)) {
      await Promise.race([write(piece), over]);
      yield* out.splice(0);
      if (state.isOver) break;
    }
    if (!state.isOver) engine.end();
    await over;
    yield* out.splice(0);
    if (state.failure) throw state.failure;
  } finally {
    engine.destroy();
  }
}

async function* piecesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  for await (const chunk of input)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
}
