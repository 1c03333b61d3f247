import { describe, expect, it } from 'vitest';
import type { WebhookMessage } from '@timbre/shared/contracts/webhook';
import { maxBodyBytes, webhookBody } from './webhook-message.js';

const message = (data: Record<string, unknown>): WebhookMessage => ({
  type: 'job.succeeded',
  timestamp: '2026-11-22T10:15:00.000Z',
  url: 'https://timbre.example/v1/jobs/j1',
  data,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ startSeconds: index, label: 'ü' }));

describe('webhookBody', () => {
  it('is the message itself while it fits', () => {
    const whole = message({ id: 'j1', result: { segments: many(10), scores: { a: 1 } } });
    expect(JSON.parse(webhookBody(whole))).toEqual(whole);
  });

  it('leaves out only the segments where that is enough, and says so', () => {
    const cut = message({ id: 'j1', result: { segments: many(5000), scores: { a: 1 }, label: 'a' } });
    expect(JSON.parse(webhookBody(cut))).toEqual({
      ...message({ id: 'j1', result: { scores: { a: 1 }, label: 'a' } }),
      truncated: true,
    });
  });

  it.each([
    { result: { segments: many(3000), scores: Object.fromEntries(many(3000).map((_, index) => [`s${index}`, 0.5])) } },
    { error: { code: 'x', details: { text: 'ü'.repeat(30_000) } } },
    { decisions: Object.fromEntries(many(3000).map((_, index) => [`label ${index}`, 1])), clips: { total: 1 } },
    { clip: { name: 'n'.repeat(30_000) } },
  ])('is never longer than 20 kB', (data) => {
    const body = webhookBody(message({ id: 'j1', state: 'failed', ...data }));
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxBodyBytes);
    expect(JSON.parse(body)).toMatchObject({ truncated: true, data: { id: 'j1', state: 'failed' } });
  });
});
