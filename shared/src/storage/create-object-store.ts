/**
 * The object store a URL names: `file:` (a folder) or `s3://key:secret@host:port/bucket?tls=false&region=…`. Everything
 * wrong with a URL is said at once, and the secret in it is never repeated.
 */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../errors.js';
import type { SweepableObjectStore } from './driver-store.js';
import { createFileStore } from './file-store.js';
import { createS3Store, type S3StoreOptions, type StorageLogger } from './s3-store.js';

export interface ObjectStoreOptions {
  /** Unset or empty: files in `<dataDir>/objects`. A relative `file:` path starts in the working folder. */
  url?: string | undefined;
  dataDir: string;
  /** For signed URLs of the file driver. */
  signingSecret?: string | undefined;
  publicBaseUrl?: string | undefined;
  logger?: StorageLogger | undefined;
}

export type StoreLocation = { kind: 'file'; root: string } | ({ kind: 's3' } & S3Location);
type S3Location = Pick<S3StoreOptions, 'endpoint' | 'bucket' | 'accessKey' | 'secretKey' | 'region'>;

/** @throws AppError `storage_misconfigured`, with every problem in `details.problems` */
export function createObjectStore(options: ObjectStoreOptions): SweepableObjectStore {
  const { url, dataDir, signingSecret, publicBaseUrl, logger } = options;
  const location = parseStoreUrl(url, dataDir);
  return location.kind === 'file'
    ? createFileStore({ root: location.root, signingSecret, publicBaseUrl })
    : createS3Store({ ...location, logger });
}

export function parseStoreUrl(url: string | undefined, dataDir: string): StoreLocation {
  if (url === undefined || url === '') return { kind: 'file', root: resolve(join(dataDir, 'objects')) };
  if (url.startsWith('file:')) return { kind: 'file', root: parseFileUrl(url) };
  if (url.startsWith('s3:')) return { kind: 's3', ...parseS3Url(url) };
  throw misconfigured(['it must begin with file: or s3:']);
}

function parseFileUrl(url: string): string {
  const path = url.slice('file:'.length);
  if (path === '') throw misconfigured(['file: needs a folder']);
  if (!path.startsWith('//')) return resolve(path);
  try {
    return fileURLToPath(url);
  } catch {
    throw misconfigured(['file:// needs an absolute path and no host, as in file:///var/lib/timbre']);
  }
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const SHAPE = 's3://key:secret@host:port/bucket?tls=false&region=us-east-1';

function parseS3Url(text: string): S3Location {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw misconfigured([`it is not of the form ${SHAPE}; write / + @ : and % in the secret as %2F %2B %40 %3A %25`]);
  const problems: string[] = [];
  const require = (holds: boolean, problem: string) => holds || problems.push(problem);

  const [accessKey, secretKey] = [unescape(url.username), unescape(url.password)];
  const [bucket = '', ...rest] = url.pathname.replace(/^\/|\/$/g, '').split('/');
  const tls = url.searchParams.get('tls') ?? 'true';
  const unknown = [...url.searchParams.keys()].filter((name) => name !== 'tls' && name !== 'region');
  require(url.hostname !== '', 'the host is missing');
  require(accessKey !== undefined && accessKey !== '', 'the access key is missing or not percent-encoded');
  require(secretKey !== undefined && secretKey !== '', 'the secret is missing or not percent-encoded');
  require(BUCKET.test(bucket), 'the bucket is missing or not 3 to 63 of a-z 0-9 . -');
  require(rest.length === 0, 'after the bucket nothing may follow');
  require(tls === 'true' || tls === 'false', 'tls must be true or false');
  require(unknown.length === 0, 'only the parameters tls and region are known');
  if (problems.length > 0) throw misconfigured(problems);

  return {
    endpoint: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? undefined : Number(url.port),
      tls: tls === 'true',
    },
    bucket,
    accessKey: accessKey ?? '',
    secretKey: secretKey ?? '',
    region: url.searchParams.get('region') ?? undefined,
  };
}

function unescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function misconfigured(problems: string[]): AppError {
  return new AppError('storage_misconfigured', {
    detail: `OBJECT_STORE_URL: ${problems.join('; ')}`,
    details: { problems },
  });
}
