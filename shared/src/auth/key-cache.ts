/**
 * Remembers for a moment what was read about an id, known or not.
 *
 * Known and unknown ids have room of their own, both bounded: who guesses ids can neither fill memory nor push out the keys
 * that are in use. Everybody who asks for an id while it is being read waits for that one read. A failed read is not kept.
 */
export interface KeyCacheOptions<T> {
  read: (id: string) => Promise<T | null>;
  /** How long an answer counts, from the start of its read. */
  cacheMs: number;
  now: () => number;
  /** Known ids at most, and unknown ids at most. Default 10,000. */
  maxEntries?: number | undefined;
}

export interface KeyCache<T> {
  get(id: string): Promise<T | null>;
  /** The next `get` reads again, whatever is being read now. */
  forget(id: string): void;
  readonly known: number;
  readonly unknown: number;
}

interface Answer<T> {
  atMs: number;
  value: T | null;
}

export function createKeyCache<T>({ read, cacheMs, now, maxEntries = 10_000 }: KeyCacheOptions<T>): KeyCache<T> {
  const known = new Map<string, Answer<T>>();
  const unknown = new Map<string, Answer<T>>();
  const pending = new Map<string, Promise<T | null>>();

  const remember = (id: string, answer: Answer<T>) => {
    known.delete(id);
    unknown.delete(id);
    const answers = answer.value === null ? unknown : known;
    answers.set(id, answer);
    const [oldest] = answers.keys();
    if (answers.size > maxEntries && oldest !== undefined) answers.delete(oldest);
  };
  const start = (id: string): Promise<T | null> => {
    const atMs = now();
    const reading: Promise<T | null> = read(id).then(
      (value) => {
        if (pending.get(id) === reading) {
          pending.delete(id);
          remember(id, { atMs, value });
        }
        return value;
      },
      (error: unknown) => {
        if (pending.get(id) === reading) pending.delete(id);
        throw error;
      },
    );
    pending.set(id, reading);
    return reading;
  };

  return {
    get(id) {
      const answer = known.get(id) ?? unknown.get(id);
      if (answer && now() - answer.atMs < cacheMs) return Promise.resolve(answer.value);
      return pending.get(id) ?? start(id);
    },
    forget(id) {
      known.delete(id);
      unknown.delete(id);
      pending.delete(id);
    },
    get known() {
      return known.size;
    },
    get unknown() {
      return unknown.size;
    },
  };
}
