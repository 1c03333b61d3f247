import { describe, expect, it } from 'vitest';
import { createKeyCache } from './key-cache.js';

/** A store of one known id whose reads the test answers one by one, in order. */
function cacheOn(answers: Record<string, string>, maxEntries?: number) {
  const clock = { ms: 0 };
  const reads: string[] = [];
  const read = async (id: string) => {
    reads.push(id);
    return answers[id] ?? null;
  };
  return { clock, reads, answers, cache: createKeyCache({ read, cacheMs: 5000, now: () => clock.ms, maxEntries }) };
}

it('reads a known and an unknown id once in 5 s, and again after', async () => {
  const { cache, clock, reads } = cacheOn({ a: 'A' });
  const ask = async () => [await cache.get('a'), await cache.get('b')];
  expect(await ask()).toEqual(['A', null]);
  clock.ms = 4999;
  expect(await ask()).toEqual(['A', null]);
  expect(reads).toEqual(['a', 'b']);
  clock.ms = 5000;
  await ask();
  expect(reads).toEqual(['a', 'b', 'a', 'b']);
});

it('lets 100 who ask at once wait for 1 read', async () => {
  const { cache, reads } = cacheOn({ a: 'A' });
  const answers = await Promise.all(Array.from({ length: 100 }, () => cache.get('a')));
  expect(new Set(answers)).toEqual(new Set(['A']));
  expect(reads).toEqual(['a']);
});

it('keeps a key that is in use through 1000 guessed ids, of which it remembers 10', async () => {
  const { cache, reads } = cacheOn({ a: 'A' }, 10);
  await cache.get('a');
  for (let guess = 0; guess < 1000; guess++) await cache.get(`guess-${guess}`);
  expect([cache.known, cache.unknown]).toEqual([1, 10]);
  await cache.get('a');
  expect(reads.filter((id) => id === 'a')).toHaveLength(1);
});

it('forgets the 1st of 11 known keys when it may keep 10', async () => {
  const names = Array.from({ length: 11 }, (_, index) => `key-${index}`);
  const { cache, reads } = cacheOn(Object.fromEntries(names.map((name) => [name, name])), 10);
  for (const name of [...names, 'key-10', 'key-0']) await cache.get(name);
  expect(cache.known).toBe(10);
  expect(reads).toEqual([...names, 'key-0']);
});

describe('a read that', () => {
  it('fails reaches all who wait and is not remembered', async () => {
    let reads = 0;
    const read = () => Promise.reject(new Error(`failure ${++reads}`));
    const cache = createKeyCache({ read, cacheMs: 5000, now: () => 0 });
    const [one, two] = await Promise.allSettled([cache.get('a'), cache.get('a')]);
    expect([one, two]).toEqual([
      expect.objectContaining({ reason: new Error('failure 1') }),
      expect.objectContaining({ reason: new Error('failure 1') }),
    ]);
    await expect(cache.get('a')).rejects.toThrow('failure 2');
  });

  it('began before a change does not hide the change', async () => {
    const waiting: ((value: string) => void)[] = [];
    const read = () => new Promise<string>((resolve) => waiting.push(resolve));
    const cache = createKeyCache({ read, cacheMs: 5000, now: () => 0 });
    const before = cache.get('a');
    cache.forget('a');
    const after = cache.get('a');
    waiting[1]?.('new');
    expect(await after).toBe('new');
    waiting[0]?.('old');
    expect(await before).toBe('old');
    expect(await cache.get('a')).toBe('new');
    expect(waiting).toHaveLength(2);
  });

  it('takes 3 s counts from its start', async () => {
    const clock = { ms: 0 };
    let reads = 0;
    const read = async () => {
      reads++;
      clock.ms += 3000;
      return 'A';
    };
    const cache = createKeyCache({ read, cacheMs: 5000, now: () => clock.ms });
    await cache.get('a');
    clock.ms = 5000;
    await cache.get('a');
    expect(reads).toBe(2);
  });
});
