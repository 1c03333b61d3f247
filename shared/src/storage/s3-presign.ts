/**
 * Presigned S3 URLs by AWS Signature Version 4 in the query (AWS, "Authenticating Requests: Using Query Parameters").
 * The minio client can presign, but leaves length and type of a PUT unsigned, so its URLs would take any body.
 */
import { createHash, createHmac } from 'node:crypto';
import type { PresignOptions } from './object-store.js';

export interface S3Endpoint {
  accessKey: string;
  secretKey: string;
  region: string;
  /** `http://host:port` or `https://host`, without a path. */
  origin: string;
  /** `/bucket`; empty when the host name holds the bucket. */
  bucketPath: string;
}

export interface S3PresignRequest extends PresignOptions {
  method: 'GET' | 'PUT';
  key: string;
  at: Date;
}

/** A URL for one key and method; a PUT must come with exactly the length and type given here. Keys need no escaping. */
export function presignS3Url(endpoint: S3Endpoint, request: S3PresignRequest): string {
  const { method, key, at, expiresInSeconds } = request;
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${endpoint.region}/s3/aws4_request`;
  const path = `${endpoint.bucketPath}/${key}`;
  const headers = signedHeadersOf(endpoint, request);
  const query = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${endpoint.accessKey}/${scope}`],
    ['X-Amz-Date', time],
    ['X-Amz-Expires', String(expiresInSeconds)],
    ['X-Amz-SignedHeaders', headers.map(([name]) => name).join(';')],
  ]
    .map(([name, value]) => `${name}=${encode(value ?? '')}`)
    .join('&');
  const canonical = [
    method,
    path,
    query,
    ...headers.map(([name, value]) => `${name}:${value}`),
    '',
    headers.map(([name]) => name).join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const signingKey = scope
    .split('/')
    .reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${endpoint.secretKey}`);
  return `${endpoint.origin}${path}?${query}&X-Amz-Signature=${hmac(signingKey, text).toString('hex')}`;
}

/** In alphabetical order, as the canonical request wants them. */
function signedHeadersOf({ origin }: S3Endpoint, { method, contentLength, contentType }: S3PresignRequest) {
  const headers: [string, string][] = [];
  if (method === 'PUT' && contentLength !== undefined) headers.push(['content-length', String(contentLength)]);
  if (method === 'PUT' && contentType !== undefined) headers.push(['content-type', contentType.trim()]);
  headers.push(['host', new URL(origin).host]);
  return headers;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
/** RFC 3986, which `encodeURIComponent` misses by five characters. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
