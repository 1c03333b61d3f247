import { describe, expect, it } from 'vitest';
import { parsePage } from './s3-listing.js';

const page = (inner: string) =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</ListBucketResult>`;
const entry = (key: string) =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-22T10:00:00.000Z</LastModified><Size>7</Size></Contents>`;

describe('a page of a listing', () => {
  it('keeps keys that look like numbers as they are', () => {
    const { objects, next } = parsePage(page(`${entry('1e5')}${entry('007')}<IsTruncated>false</IsTruncated>`));
    expect(objects).toEqual([
      { key: '1e5', bytes: 7, modifiedAt: new Date('2026-11-22T10:00:00Z') },
      { key: '007', bytes: 7, modifiedAt: new Date('2026-11-22T10:00:00Z') },
    ]);
    expect(next).toBeUndefined();
  });

  it('gives the token of the next page with its escapes resolved', () => {
    const token = '<NextContinuationToken>a&amp;b&#x2B;&#61;&unknown;</NextContinuationToken>';
    expect(parsePage(page(`<IsTruncated>true</IsTruncated>${token}`)).next).toBe('a&b+=&unknown;');
  });

  it('passes over keys that are not ours', () => {
    const { objects } = parsePage(page(`${entry('my song.wav')}${entry('folder/')}${entry('ours')}`));
    expect(objects.map(({ key }) => key)).toEqual(['ours']);
  });

  it.each([
    ['cut', page(entry('a')).slice(0, -5)],
    ['HTML', '<html><body>login</body></html>'],
    ['an entry without a size', page('<Contents><Key>a</Key></Contents>')],
    ['truncated without a token', page('<IsTruncated>true</IsTruncated>')],
  ])('is dependency_unavailable when it is %s', (_, xml) => {
    expect(() => parsePage(xml)).toThrow(expect.objectContaining({ code: 'dependency_unavailable' }));
  });
});
