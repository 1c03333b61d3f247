/**
 * URLs that let anyone read or write one object until they expire, for stores that have no presigning of their own. They
 * lead to the gateway's `/v1/objects/<key>`, whose route asks `verifyPresigned` before it touches the store.
 *
 * The signature (HMAC-SHA256, hex) covers method, key, expiry and, for PUT, the exact length and type of the body, so no
 * URL can be bent to another object, another method or a larger body. It is a bearer secret: never log the query.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../errors.js';
import { isObjectKey } from './object-key.js';
import type { PresignOptions } from './object-store.js';

export const SIGNED_OBJECTS_PATH = '/v1/objects/';
/** S3 allows no more than a week either. */
export const MAX_EXPIRY_SECONDS = 7 * 24 * 3600;
const MIN_SECRET_LENGTH = 16;

export interface UrlSigner {
  secret: string;
  publicBaseUrl: string;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export interface PresignedRequest {
  method: string;
  /** Path and query as they came in, or the whole URL. */
  url: string;
  headers: { 'content-length'?: string | undefined; 'content-type'?: string | undefined };
}

export interface PresignedGrant {
  method: 'GET' | 'PUT';
  key: string;
  /** What the body must measure; give it to the put as `maxBytes`. */
  contentLength?: number;
  contentType?: string;
}

/** @throws AppError `storage_misconfigured` when the secret is too short to sign with */
export function requireSigningSecret(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH)
    throw new AppError('storage_misconfigured', {
      detail: `the secret that signs URLs has fewer than ${MIN_SECRET_LENGTH} characters`,
    });
}

/** @throws AppError `internal` when the expiry is not 1 second to 7 days */
export function requireExpiry({ expiresInSeconds }: PresignOptions): void {
  if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > MAX_EXPIRY_SECONDS)
    throw new AppError('internal', { detail: 'a signed URL must expire in 1 second to 7 days' });
}

export function signUrl(signer: UrlSigner, method: 'GET' | 'PUT', key: string, options: PresignOptions): string {
  requireExpiry(options);
  const put = method === 'PUT';
  const query = new URLSearchParams({
    expires: String(Math.floor(signer.now() / 1000) + options.expiresInSeconds),
    method,
    ...(put && options.contentLength !== undefined && { length: String(options.contentLength) }),
    ...(put && options.contentType !== undefined && { type: options.contentType }),
  });
  query.set('signature', signatureOf(signer.secret, key, query));
  return `${signer.publicBaseUrl.replace(/\/+$/, '')}${SIGNED_OBJECTS_PATH}${key}?${query.toString()}`;
}

/**
 * What a request with a signed URL may do. @throws AppError `forbidden`: forged, altered, expired, another method, or a
 * body of another length or type than was signed
 */
export function verifyPresigned(request: PresignedRequest, secret: string, now = Date.now()): PresignedGrant {
  requireSigningSecret(secret);
  const { pathname, searchParams: query } = new URL(request.url, 'http://gateway.invalid');
  const key = pathname.startsWith(SIGNED_OBJECTS_PATH) ? pathname.slice(SIGNED_OBJECTS_PATH.length) : '';
  if (!isObjectKey(key) || !isSame(query.get('signature') ?? '', signatureOf(secret, key, query)))
    throw refused('the signature does not fit this URL');
  if (Number(query.get('expires')) * 1000 <= now) throw refused('the signed URL has expired');
  const method = query.get('method');
  if ((method !== 'GET' && method !== 'PUT') || method !== request.method)
    throw refused('the URL is for another method');
  const length = query.get('length');
  const type = query.get('type');
  if (length !== null && request.headers['content-length'] !== length)
    throw refused('the body does not have the signed length');
  if (type !== null && request.headers['content-type'] !== type)
    throw refused('the body does not have the signed type');
  return {
    method,
    key,
    ...(length !== null && { contentLength: Number(length) }),
    ...(type !== null && { contentType: type }),
  };
}

function signatureOf(secret: string, key: string, query: URLSearchParams): string {
  // JSON escapes line breaks, so no value can spill into the next line.
  const parts = [query.get('method'), key, query.get('expires'), query.get('length'), query.get('type')];
  const text = ['timbre-object-v1', ...parts.map((part) => JSON.stringify(part))].join('\n');
  return createHmac('sha256', secret).update(text).digest('hex');
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const refused = (detail: string) => new AppError('forbidden', { detail });
