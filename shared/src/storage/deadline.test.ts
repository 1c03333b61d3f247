import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_DEADLINE, deadlineFor, withinDeadline } from './deadline.js';

describe('deadlines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('give 30 s and a second for each megabyte', () => {
    expect(deadlineFor(DEFAULT_DEADLINE)).toBe(30_000);
    expect(deadlineFor(DEFAULT_DEADLINE, 64_000_000)).toBe(94_000);
  });

  it('pass on what comes in time and leave no timer', async () => {
    await expect(withinDeadline(100, Promise.resolve('value'))).resolves.toBe('value');
    await expect(withinDeadline(100, Promise.reject(new Error('own')))).rejects.toThrow('own');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end what hangs with dependency_unavailable, and hand over what comes too late', async () => {
    const { promise, resolve } = deferred<string>();
    const late: string[] = [];
    const waiting = expect(withinDeadline(100, promise, (value) => late.push(value))).rejects.toMatchObject({
      code: 'dependency_unavailable',
      details: { limitMs: 100 },
    });
    await vi.advanceTimersByTimeAsync(100);
    await waiting;
    resolve('a handle to close');
    await vi.advanceTimersByTimeAsync(0);
    expect(late).toEqual(['a handle to close']);
  });
});

/** `Promise.withResolvers` is not in Node 20. */
function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
