import { describe, expect, it } from 'vitest';
import { TimbreApiError } from '@timbre/client';
import { addressOf, explain, keyOf } from './session.js';

describe('addressOf', () => {
  it.each([
    [{ url: 'http://a:1/' }, { TIMBRE_URL: 'http://b' }, 'http://a:1'],
    [{}, { TIMBRE_URL: 'https://b/' }, 'https://b'],
    [{}, { TIMBRE_URL: '', PORT: '9000' }, 'http://127.0.0.1:9000'],
    [{}, {}, 'http://127.0.0.1:8080'],
  ])('takes %j with %j for %s', (flags, environment, url) => expect(addressOf({ environment }, flags)).toBe(url));

  it.each(['localhost:8080', 'ftp://a', 'nowhere'])('refuses %s', (url) => {
    expect(() => addressOf({ environment: {} }, { url })).toThrow('is no address');
  });
});

it('takes the key of --key, TIMBRE_KEY, or TIMBRE_API_KEY', () => {
  const environment = { TIMBRE_KEY: 'one', TIMBRE_API_KEY: 'two' };
  expect(keyOf({ environment }, { key: 'flag' })).toBe('flag');
  expect(keyOf({ environment }, {})).toBe('one');
  expect(keyOf({ environment: { TIMBRE_API_KEY: 'two' } }, {})).toBe('two');
  expect(keyOf({ environment: {} }, {})).toBeUndefined();
});

describe('explain', () => {
  const messageOf = (error: unknown) => (explain(error, 'http://a') as Error).message;
  it('tells code, reason and state of a refusal', () => {
    const body = { code: 'conflict', detail: 'not now', details: { state: 'running' } };
    expect(messageOf(new TimbreApiError(409, JSON.stringify(body)))).toBe('conflict: not now\n  it is running');
  });
  it('lists what is wrong with a request', () => {
    const details = { issues: [{ pointer: '/weight', message: 'too large' }] };
    const body = JSON.stringify({ code: 'invalid_parameter', detail: 'no', details });
    expect(messageOf(new TimbreApiError(400, body))).toBe('invalid_parameter: no\n  weight: too large');
  });
  it('says where a key comes from when one is missing', () => {
    expect(messageOf(new TimbreApiError(401, '{"code":"auth_missing","detail":"no key"}'))).toContain('TIMBRE_KEY');
  });
  it('says that nobody answers', () => {
    const refused = new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
    expect(messageOf(refused)).toMatch(/^no Timbre answers at http:\/\/a \(ECONNREFUSED\)\./);
    expect(messageOf(new DOMException('x', 'TimeoutError'))).toContain('no answer in time');
  });
  it('passes on what is a defect', () => {
    const defect = new TypeError('x is not a function');
    expect(explain(defect, 'http://a')).toBe(defect);
  });
});
