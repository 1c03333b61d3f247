import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newWebhookSecret, webhookSignature } from './signature.js';

describe('webhookSignature', () => {
  it('is what the reference library signs, for a secret and message of its documentation', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
    const timestampSeconds = 1614265330;
    const body = '{"test": 2432232314}';
    const ours = webhookSignature([secret], { id, timestampSeconds, body });
    expect(ours).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    expect(ours).toBe(new Webhook(secret).sign(id, new Date(timestampSeconds * 1000), body));
  });

  it('of two secrets verifies with either and with no other', () => {
    const [old, current, other] = [newWebhookSecret(), newWebhookSecret(), newWebhookSecret()];
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const message = { id: 'msg_1', timestampSeconds, body: '{"a":"ü"}' };
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': webhookSignature([current, old], message),
    };
    for (const secret of [old, current]) expect(new Webhook(secret).verify(message.body, headers)).toEqual({ a: 'ü' });
    expect(() => new Webhook(other).verify(message.body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(old).verify('{"a":"u"}', headers)).toThrow('No matching signature');
  });

  it('keys have 32 bytes and are never the same', () => {
    const secrets = Array.from({ length: 100 }, newWebhookSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
  });
});
