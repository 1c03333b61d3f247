import { expect, it } from 'vitest';
import { presignS3Url } from './s3-presign.js';

/** The example of AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)". */
const example = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  at: new Date('2013-05-24T00:00:00Z'),
};

it('signs in the same way as the published example, whose bucket is in the host name', () => {
  const url = presignS3Url(
    { ...example, origin: 'https://examplebucket.s3.amazonaws.com', bucketPath: '' },
    { method: 'GET', key: 'test.txt', at: example.at, expiresInSeconds: 86_400 },
  );
  expect(url).toContain('X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
});

it('signs length and type of a PUT as headers, and none of them for a GET', () => {
  const endpoint = { ...example, origin: 'http://127.0.0.1:9000', bucketPath: '/timbre' };
  const request = { key: 'a/b', at: example.at, expiresInSeconds: 60, contentLength: 5, contentType: 'audio/wav' };
  expect(presignS3Url(endpoint, { ...request, method: 'PUT' })).toContain(
    'http://127.0.0.1:9000/timbre/a/b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&X-Amz-Signature=',
  );
  expect(presignS3Url(endpoint, { ...request, method: 'GET' })).toContain('X-Amz-SignedHeaders=host&');
});
