import { expect, it } from 'vitest';
import { isAppError } from '@timbre/shared/errors';
import { createTenantQuota } from './tenant-quota.js';

const quotaOfTwo = () => createTenantQuota({ limit: 2, what: 'uploads' });

it('refuses the 3rd of 2 with the limit and a time to come back, and other tenants not', () => {
  const quota = quotaOfTwo();
  quota.acquire('a');
  quota.acquire('a');
  let refused: unknown;
  try {
    quota.acquire('a');
  } catch (error) {
    refused = error;
  }
  expect(isAppError(refused) && refused).toMatchObject({
    code: 'quota_exceeded',
    httpStatus: 429,
    details: { what: 'uploads', limit: 2, observed: 2 },
    retryAfterSeconds: 1,
  });
  expect(quota.inFlight('a')).toBe(2);
  quota.acquire('b');
});

it('gives a place back once, however often the release is called', () => {
  const quota = quotaOfTwo();
  const release = quota.acquire('a');
  quota.acquire('a');
  release();
  release();
  expect(quota.inFlight('a')).toBe(1);
  quota.acquire('a');
  expect(() => quota.acquire('a')).toThrow(expect.objectContaining({ code: 'quota_exceeded' }));
});

it('remembers no tenant that has nothing in flight', () => {
  const quota = quotaOfTwo();
  const releases = Array.from({ length: 1000 }, (_, tenant) => quota.acquire(`tenant-${tenant}`));
  expect(quota.tenants).toBe(1000);
  for (const release of releases) release();
  expect(quota.tenants).toBe(0);
});
