import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IngressGuard } from './ingress-guard.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('ingress guard', () => {
  it('cuts a body of 100 B/s when 1024 B/s are asked for, after 10 s', async () => {
    const guard = new IngressGuard({ minBytesPerSecond: 1024 });
    guard.resume();
    const failed = once(guard, 'error');
    for (let second = 0; second < 10; second += 1) {
      guard.write(Buffer.alloc(100));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(await failed).toMatchObject([{ code: 'request_timeout' }]);
  });

  it('lets a body of 2 kB/s live for 5 minutes', async () => {
    const guard = new IngressGuard({ minBytesPerSecond: 1024 });
    guard.resume();
    for (let second = 0; second < 300; second += 1) {
      guard.write(Buffer.alloc(2048));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(guard.destroyed).toBe(false);
    expect(guard.bytes).toBe(300 * 2048);
    guard.destroy();
  });

  it('does not blame the client when the store holds the stream back', async () => {
    const guard = new IngressGuard({ minBytesPerSecond: 1024 });
    guard.write(Buffer.alloc(64 * 1024));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(guard.destroyed).toBe(false);
    guard.destroy();
  });
});
