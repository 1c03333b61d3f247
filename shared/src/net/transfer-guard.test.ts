import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TransferGuard } from './transfer-guard.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const limits = { maxBytes: 100_000, minBytesPerSecond: 100, rateWindowMs: 10_000 };

it('lets 100 B/s pass and cuts 99 B/s at the end of its 10 s window', async () => {
  const guard = new TransferGuard(limits);
  guard.resume();
  const outcome = expect(finished(guard)).rejects.toMatchObject({
    code: 'url_unreachable',
    details: { reason: 'slow', limitBytesPerSecond: 100, observedBytesPerSecond: 99 },
  });
  await new Promise((resolve) => guard.write(Buffer.alloc(1000), resolve));
  vi.advanceTimersByTime(10_000);
  expect(guard.destroyed).toBe(false);
  await new Promise((resolve) => guard.write(Buffer.alloc(990), resolve));
  vi.advanceTimersByTime(9_999);
  expect(guard.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  await outcome;
});

it('does not blame the sender for 60 s in which nobody reads, and does once somebody waits', async () => {
  const guard = new TransferGuard(limits);
  await new Promise((resolve) => guard.write(Buffer.alloc(10), resolve));
  vi.advanceTimersByTime(60_000);
  expect(guard.destroyed).toBe(false);
  const outcome = expect(finished(guard)).rejects.toMatchObject({ code: 'url_unreachable' });
  expect(guard.read()).toHaveLength(10);
  vi.advanceTimersByTime(10_000);
  await outcome;
});

it('passes exactly 100,000 bytes and fails at the next one', async () => {
  const guard = new TransferGuard(limits);
  guard.resume();
  const outcome = expect(finished(guard)).rejects.toMatchObject({
    code: 'url_too_large',
    details: { limit: 100_000, observed: 100_001 },
  });
  await new Promise((resolve) => guard.write(Buffer.alloc(100_000), resolve));
  expect(guard.destroyed).toBe(false);
  guard.write(Buffer.alloc(1));
  await outcome;
});

it('leaves no timer behind, ended or destroyed', async () => {
  const ended = new TransferGuard(limits);
  ended.resume().end('x');
  await finished(ended);
  new TransferGuard(limits).destroy();
  expect(vi.getTimerCount()).toBe(0);
});
