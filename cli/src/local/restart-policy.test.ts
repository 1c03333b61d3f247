import { describe, expect, it } from 'vitest';
import { createRestartPolicy } from './restart-policy.js';

describe('createRestartPolicy', () => {
  it('waits 1, 2, 4, 8, 16, 30, 30 seconds for a child that keeps dying young', () => {
    const policy = createRestartPolicy();
    expect(Array.from({ length: 7 }, () => policy.nextDelayMs(100))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ]);
    expect(policy.failures).toBe(7);
  });

  it('starts again at 1 second after a run of 30 seconds', () => {
    const policy = createRestartPolicy();
    policy.nextDelayMs(0);
    policy.nextDelayMs(0);
    expect(policy.nextDelayMs(29_999)).toBe(4000);
    expect(policy.nextDelayMs(30_000)).toBe(1000);
    expect(policy.failures).toBe(1);
  });

  it('stays at the longest wait after 10,000 deaths', () => {
    const policy = createRestartPolicy();
    for (let death = 0; death < 10_000; death++) policy.nextDelayMs(0);
    expect(policy.nextDelayMs(0)).toBe(30_000);
  });
});
