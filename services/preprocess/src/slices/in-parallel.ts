/** Works on what comes, at most `limit` pieces at a time; the first failure ends it, once what runs has settled. */
export async function inParallel<T, R>(
  pieces: AsyncIterable<T>,
  limit: number,
  work: (piece: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  try {
    for await (const piece of pieces) {
      const run = work(piece).then(
        (result) => void results.push(result),
        (error: unknown) => void (failure ??= { error }),
      );
      const tracked = run.finally(() => running.delete(tracked));
      running.add(tracked);
      if (running.size >= limit) await Promise.race(running);
      if (failure) break;
    }
  } catch (error) {
    failure ??= { error };
  }
  await Promise.all(running);
  if (failure) throw failure.error;
  return results;
}
