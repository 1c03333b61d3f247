/** Runs work over many things, a bounded number at a time. */

/** The first failure stops the others from beginning, and is thrown once those in hand have ended. */
export async function forEachLimited<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { error: unknown } | undefined;
  const runner = async (): Promise<void> => {
    for (let index = next++; index < items.length && !failure; index = next++) {
      const item = items[index] as T;
      try {
        await work(item, index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, runner));
  if (failure) throw failure.error;
}
