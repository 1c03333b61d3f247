import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../errors.js';
import { createObjectStore, parseStoreUrl } from './create-object-store.js';

const problemsOf = (url: string): unknown => {
  try {
    parseStoreUrl(url, '/data');
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'storage_misconfigured' });
    expect(JSON.stringify([String(error), error])).not.toContain('sesame');
    return (error as AppError).details['problems'];
  }
};

describe('OBJECT_STORE_URL', () => {
  it('is files in <dataDir>/objects when unset or empty', () => {
    expect(parseStoreUrl(undefined, '/data')).toEqual({ kind: 'file', root: '/data/objects' });
    expect(parseStoreUrl('', './data')).toEqual({ kind: 'file', root: resolve('data/objects') });
  });

  it('names a folder by file: with an absolute or relative path', () => {
    expect(parseStoreUrl('file:///var/lib/timbre', '/data')).toEqual({ kind: 'file', root: '/var/lib/timbre' });
    expect(parseStoreUrl('file:/var/lib/timbre', '/data')).toEqual({ kind: 'file', root: '/var/lib/timbre' });
    expect(parseStoreUrl('file:./objects', '/data')).toEqual({ kind: 'file', root: resolve('objects') });
  });

  it('names a bucket by s3:, with escapes in the secret, tls on and no region unless given', () => {
    expect(
      parseStoreUrl('s3://key:open%2Fse%2Bsame@s3.example:9000/my-bucket/?tls=false&region=eu-1', '/data'),
    ).toEqual({
      kind: 's3',
      endpoint: { host: 's3.example', port: 9000, tls: false },
      bucket: 'my-bucket',
      accessKey: 'key',
      secretKey: 'open/se+same',
      region: 'eu-1',
    });
    expect(parseStoreUrl('s3://key:sesame@[::1]/bucket', '/data')).toMatchObject({
      endpoint: { host: '::1', port: undefined, tls: true },
      region: undefined,
    });
  });

  it('says everything that is wrong at once, never with the secret', () => {
    expect(problemsOf('s3://:sesame@host:9000/UPPER/and/more?tls=perhaps&debug=sesame')).toEqual([
      'the access key is missing or not percent-encoded',
      'the bucket is missing or not 3 to 63 of a-z 0-9 . -',
      'after the bucket nothing may follow',
      'tls must be true or false',
      'only the parameters tls and region are known',
    ]);
    expect(problemsOf('s3://key@host/bucket')).toEqual(['the secret is missing or not percent-encoded']);
    expect(problemsOf('s3://key:sesame%zz@host/bucket')).toEqual(['the secret is missing or not percent-encoded']);
    expect(problemsOf('s3://key:sesame:99999/bucket')).toEqual([expect.stringContaining('it is not of the form')]);
    expect(problemsOf('http://key:sesame@host/bucket')).toEqual(['it must begin with file: or s3:']);
    expect(problemsOf('file://sesame.example/objects')).toEqual([expect.stringContaining('absolute path')]);
    expect(problemsOf('file:')).toEqual(['file: needs a folder']);
  });

  it('opens the store it names', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'timbre-store-url-'));
    const store = createObjectStore({ dataDir });
    await store.check();
    expect(store.kind).toBe('file');
    await expect(store.presign('GET', 'x', { expiresInSeconds: 1 })).rejects.toMatchObject({
      code: 'storage_misconfigured',
    });
    const s3 = createObjectStore({ url: 's3://key:sesame@127.0.0.1:1/bucket?tls=false', dataDir });
    expect(s3.kind).toBe('s3');
    await s3.close();
    await rm(dataDir, { recursive: true });
  });
});
