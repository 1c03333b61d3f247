import { describe, expect, it } from 'vitest';
import { gatewaySchema } from '@timbre/shared/config/schemas';
import { createSchedule } from './webhook-schedule.js';

const waitsSeconds = gatewaySchema.parse({}).WEBHOOK_RETRY_SECONDS;

describe('the schedule of webhooks', () => {
  it('is by default 10 tries over 75 hours, 35 minutes and 5 seconds', () => {
    const next = createSchedule({ waitsSeconds, random: () => 0.5 });
    const waits = Array.from({ length: 9 }, (_, index) => next(index + 1) ?? NaN);
    expect(waits.reduce((a, b) => a + b)).toBe((75 * 3600 + 35 * 60 + 5) * 1000);
    expect(next(10)).toBeUndefined();
  });

  it('spreads each wait by up to a tenth either way', () => {
    const at = (random: number) => createSchedule({ waitsSeconds: [300], random: () => random })(1);
    expect([at(0), at(1)]).toEqual([270_000, 330_000]);
  });

  it('is patient as long as the receiver asks, up to a day', () => {
    const next = createSchedule({ waitsSeconds: [5], random: () => 0.5 });
    expect([next(1, 60), next(1, 1), next(1, 1e9)]).toEqual([60_000, 5000, 86_400_000]);
  });
});
