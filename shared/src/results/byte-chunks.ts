/** Joins small pieces of text into chunks worth sending. Pure. */

const chunkChars = 64 * 1024;
/** Longest a piece waits for company while the source is quiet, so a running batch shows what it has. */
const maxWaitMs = 250;

/** Asks for the next piece only when the chunk before it was taken: memory stays at one chunk and one piece. */
export async function* byteChunks(pieces: AsyncIterable<string>): AsyncGenerator<Buffer, void, void> {
  const source = pieces[Symbol.asyncIterator]();
  let waiting = '';
  let quiet: Quiet | undefined;
  try {
    let next = source.next();
    for (;;) {
      quiet ??= waiting === '' ? undefined : startQuiet();
      const step = await (quiet ? Promise.race([next, quiet.over]) : next);
      if (step !== 'quiet' && step.done === true) break;
      if (step !== 'quiet') waiting += step.value;
      if (step === 'quiet' || waiting.length >= chunkChars) {
        quiet?.stop();
        quiet = undefined;
        yield Buffer.from(waiting);
        waiting = '';
      }
      if (step !== 'quiet') next = source.next();
    }
    if (waiting !== '') yield Buffer.from(waiting);
  } finally {
    quiet?.stop();
    await source.return?.();
  }
}

interface Quiet {
  over: Promise<'quiet'>;
  stop: () => void;
}

function startQuiet(): Quiet {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<'quiet'>((resolve) => {
    timer = setTimeout(() => resolve('quiet'), maxWaitMs);
  });
  return { over, stop: () => clearTimeout(timer) };
}
