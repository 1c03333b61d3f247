import { describe, expect, it } from 'vitest';
import { createPlaces } from './places.js';

/** Work that ends when it is told to. */
function work() {
  let end: () => void = () => undefined;
  let started = false;
  const done = new Promise<void>((resolve) => (end = resolve));
  return { run: () => ((started = true), done), end: () => end(), started: () => started };
}

describe('places', () => {
  it('run 2 of a group, let 1 wait and refuse the fourth, while another group has its own', async () => {
    const places = createPlaces({ running: 2, waiting: 1, waitingInAll: 10 });
    const [a, b, c, d, other] = [work(), work(), work(), work(), work()];
    const [, , third] = [places.take('slow', a.run), places.take('slow', b.run), places.take('slow', c.run)];
    expect(places.take('slow', d.run)).toBeUndefined();
    void places.take('quick', other.run);
    expect([a, b, c, d, other].map(({ started }) => started())).toEqual([true, true, false, false, true]);
    a.end();
    await expect.poll(c.started).toBe(true);
    c.end();
    await third;
  });

  it('let no more wait in all groups together than they are told, and still run a group that is new', async () => {
    const places = createPlaces({ running: 1, waiting: 5, waitingInAll: 1 });
    const [a, b, c, d] = [work(), work(), work(), work()];
    void places.take('one', a.run);
    const second = places.take('one', b.run);
    void places.take('two', c.run);
    expect(places.take('two', d.run)).toBeUndefined();
    expect(c.started()).toBe(true);
    a.end();
    b.end();
    await second;
    expect(places.take('two', d.run)).toBeDefined();
  });

  it('are free again after work that failed', async () => {
    const places = createPlaces({ running: 1, waiting: 0, waitingInAll: 0 });
    await expect(places.take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await places.take('a', () => Promise.resolve(1))).toBe(1);
  });
});
