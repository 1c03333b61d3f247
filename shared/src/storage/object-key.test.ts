import { describe, expect, it } from 'vitest';
import { isObjectKey, isObjectPrefix, requireObjectKey, requireObjectPrefix } from './object-key.js';

describe('object keys', () => {
  it.each([
    'a',
    'jobs/t/01H/audio',
    'A-Z_0.9',
    '-',
    'a..b/c',
    'a'.repeat(255),
    `${'a'.repeat(255)}/${'b'.repeat(255)}`,
  ])('takes %j', (key) => {
    expect(isObjectKey(key)).toBe(true);
    expect(() => requireObjectKey(key)).not.toThrow();
  });

  it.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/..',
    '../a',
    'a/./b',
    '.tmp/x',
    'a/.hidden',
    'a b',
    'a%2eb',
    'é',
    'a\\b',
    'a\0',
    'a\n',
    'a'.repeat(256),
    'a/'.repeat(256) + 'a',
  ])('refuses %j', (key) => {
    expect(isObjectKey(key)).toBe(false);
    expect(() => requireObjectKey(key)).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it('never repeats the key it refuses', () => {
    expect(() => requireObjectKey('../../etc/passwd')).toThrow(/^not an object key$/);
  });
});

describe('prefixes', () => {
  it.each(['', 'a', 'a/', 'a/b', 'jobs/t/'])('takes %j', (prefix) => {
    expect(isObjectPrefix(prefix)).toBe(true);
  });

  it.each(['/', '/a', '..', 'a/../', './', 'a//', 'a/.', 'a b', 'a'.repeat(513)])('refuses %j', (prefix) => {
    expect(isObjectPrefix(prefix)).toBe(false);
    expect(() => requireObjectPrefix(prefix)).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
