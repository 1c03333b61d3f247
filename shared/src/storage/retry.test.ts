import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.js';
import { backoffMs, DEFAULT_RETRY, retryMissing, systemClock } from './retry.js';

describe('backoff', () => {
  it('is uniform below 100, 200, 400, 800 ms and never over 5 s', () => {
    expect([1, 2, 3, 4].map((failures) => backoffMs(DEFAULT_RETRY, failures, 0.5))).toEqual([50, 100, 200, 400]);
    expect(backoffMs(DEFAULT_RETRY, 1, 0)).toBe(0);
    expect(backoffMs(DEFAULT_RETRY, 30, 0.999)).toBeLessThan(5_000);
  });
});

describe('retryMissing', () => {
  const missing = new AppError('object_missing');
  const start = () => {
    let now = 0;
    return { now: () => now, random: () => 1, sleep: async (ms: number) => void (now += ms) };
  };

  it('asks again after 100, 200, 400, 800 ms, then every second, and one last time at the end', async () => {
    const clock = start();
    const asked: number[] = [];
    const read = async () => {
      asked.push(clock.now());
      throw missing;
    };
    await expect(retryMissing({ forMs: 4_000, clock }, read)).rejects.toBe(missing);
    expect(asked).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500, 4_000]);
  });

  it('asks once when not told to wait, and never again after another error', async () => {
    let asked = 0;
    const fail = (error: unknown) => async () => {
      asked++;
      throw error;
    };
    await expect(retryMissing({ forMs: undefined, clock: start() }, fail(missing))).rejects.toBe(missing);
    expect(asked).toBe(1);
    const other = new AppError('storage_corrupt');
    await expect(retryMissing({ forMs: 10_000, clock: start() }, fail(other))).rejects.toBe(other);
    expect(asked).toBe(2);
  });
});

describe('the system clock', () => {
  it('ends a sleep with the reason of its signal', async () => {
    const controller = new AbortController();
    const reason = new AppError('shutting_down');
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });
});
