import { describe, expect, it } from 'vitest';
import { DecodeClock } from './decode-clock.js';

describe('DecodeClock', () => {
  it('throws audio_decode_timeout once the wall time is used up', () => {
    let now = 100;
    const clock = new DecodeClock({ wallMs: 50, now: () => now });
    now = 149;
    expect(() => clock.check()).not.toThrow();
    expect(clock.remainingMs()).toBe(1);
    now = 150;
    expect(() => clock.check()).toThrow(
      expect.objectContaining({ code: 'audio_decode_timeout', details: { limit: 50 } }),
    );
  });

  it('lets an abort arrive that was sent while decoding blocked the thread', async () => {
    let now = 0;
    const controller = new AbortController();
    const clock = new DecodeClock({ wallMs: 1000, signal: controller.signal, now: () => now });
    setImmediate(() => controller.abort(new Error('canceled')));
    await clock.breathe();
    now = 21;
    await expect(clock.breathe()).rejects.toThrow('canceled');
  });
});
