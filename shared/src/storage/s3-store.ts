/**
 * The S3 driver: any S3-compatible server, through the minio client for requests and signatures and through `s3-call` for
 * everything a network needs. One bucket with path-style addresses; the bucket is made by the operator, not here.
 */
import { Client } from 'minio';
import http from 'node:http';
import https from 'node:https';
import { AppError, isAppError } from '../errors.js';
import { createCircuitBreaker } from './circuit-breaker.js';
import { DEFAULT_DEADLINE, type DeadlineRule } from './deadline.js';
import { createDriverStore, type StorageDriver, type SweepableObjectStore } from './driver-store.js';
import type { ObjectInfo } from './object-store.js';
import { DEFAULT_RETRY, systemClock, type Clock, type RetryRule } from './retry.js';
import { createS3Call, createTransport } from './s3-call.js';
import { toS3Error } from './s3-errors.js';
import { listPages } from './s3-listing.js';
import { presignS3Url } from './s3-presign.js';
import { openRange, readWhole, type S3Reading } from './s3-reader.js';
import { sweepUploads } from './s3-sweep.js';
import { MAX_SINGLE_PUT_BYTES, requireBucket, uploadObject } from './s3-upload.js';

export interface StorageLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface S3StoreOptions {
  endpoint: { host: string; port?: number | undefined; tls: boolean };
  bucket: string;
  accessKey: string;
  secretKey: string;
  /** Default `us-east-1`, which servers without regions take too. */
  region?: string | undefined;
  /** For a call with all its tries. */
  deadline?: DeadlineRule | undefined;
  /** For one try, and for silence within a body. */
  tryDeadline?: DeadlineRule | undefined;
  retry?: RetryRule | undefined;
  /** Outages in a row after which calls are refused for `openMs`. */
  breaker?: { threshold: number; openMs: number } | undefined;
  clock?: Clock | undefined;
  logger?: StorageLogger | undefined;
}

const TRY_DEADLINE: DeadlineRule = { ...DEFAULT_DEADLINE, baseMs: 10_000 };
const BREAKER = { threshold: 10, openMs: 5_000 };
const MAX_SOCKETS = 128;

/** The connection to one bucket: client, calls with deadlines and retries, and what reading needs. */
export function openBucket(options: S3StoreOptions) {
  const { bucket, logger, clock = systemClock, region = 'us-east-1', retry = DEFAULT_RETRY } = options;
  const { deadline = DEFAULT_DEADLINE, tryDeadline = TRY_DEADLINE } = options;
  const { tls } = options.endpoint;
  const agent = new (tls ? https : http).Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const breaker = createCircuitBreaker({
    ...(options.breaker ?? BREAKER),
    now: () => clock.now(),
    onChange: (state, from) => {
      if (state === 'open' && from === 'closed') logger?.warn({ bucket }, 'object store is down, calls are refused');
      if (state === 'closed') logger?.info({ bucket }, 'object store answers again');
    },
  });
  const call = createS3Call({ deadline, tryDeadline, retry, clock, breaker });
  const client = createClient({ ...options, region, agent });
  const reading: S3Reading = {
    client,
    bucket,
    call,
    deadline,
    idleMs: tryDeadline.baseMs,
    maxResumes: retry.tries - 1,
  };
  return { reading, clock, region, close: () => agent.destroy() };
}

export function createS3Store(options: S3StoreOptions): SweepableObjectStore {
  const { reading, clock, region, close } = openBucket(options);
  const { client, bucket, call } = reading;
  const { logger } = options;
  const { host, port, tls } = options.endpoint;
  const origin = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
  const signing = {
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region,
    origin,
    bucketPath: `/${bucket}`,
  };
  const onLeftover = (error: unknown) => logger?.warn({ err: error }, 'an unfinished upload was left to the sweep');
  const headOf = createHead(reading);

  const driver: StorageDriver = {
    kind: 's3',
    put: (key, content, put) => uploadObject({ client, bucket, call, onLeftover }, { key, content, options: put }),
    open: (key, get) => openRange(reading, headOf, { key, ...get }),
    readWhole: (key, read) => readWhole(reading, { key, ...read }),
    head: headOf,
    async *list(prefix, signal) {
      for await (const page of listPages(reading, prefix, signal)) yield* page;
    },
    remove: (key) => call(() => client.removeObject(bucket, key)),
    removePrefix: (prefix) => removePrefix(reading, prefix),
    presign: (method, key, presign) =>
      Promise.resolve(presignS3Url(signing, { method, key, at: new Date(), ...presign })),
    sweepTemporary: (olderThanMs) => sweepUploads(reading, olderThanMs),
    toError: (error) => toS3Error(error, undefined),
    close: () => {
      close();
      return Promise.resolve();
    },
  };
  return createDriverStore(driver, clock);
}

function createClient(options: S3StoreOptions & { region: string; agent: http.Agent }): Client {
  const { host, port, tls } = options.endpoint;
  return new Client({
    endPoint: host,
    ...(port !== undefined && { port }),
    useSSL: tls,
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    // Without a region the client asks for it before other calls.
    region: options.region,
    partSize: MAX_SINGLE_PUT_BYTES,
    transport: createTransport(tls),
    transportAgent: options.agent,
    retryOptions: { disableRetry: true },
  });
}

/** A HEAD that finds nothing does not say whether the object or the bucket is missing; the first such answer asks. */
function createHead({ client, bucket, call }: S3Reading): (key: string) => Promise<ObjectInfo | null> {
  let bucketSeen = false;
  return async (key) => {
    try {
      const { size, lastModified } = await call(() => client.statObject(bucket, key));
      return { key, bytes: size, modifiedAt: lastModified };
    } catch (error) {
      if (!isAppError(error) || error.code !== 'object_missing') throw error;
      if (!bucketSeen) await requireBucket({ client, bucket, call });
      bucketSeen = true;
      return null;
    }
  };
}

async function removePrefix(reading: S3Reading, prefix: string): Promise<number> {
  const { client, bucket, call } = reading;
  let removed = 0;
  for await (const page of listPages(reading, prefix)) {
    const failures = await call(() =>
      client.removeObjects(
        bucket,
        page.map(({ key }) => key),
      ),
    );
    const failed = failures.filter((failure) => failure?.Error !== undefined).length;
    if (failed > 0)
      throw new AppError('dependency_unavailable', {
        detail: 'some objects were not deleted',
        details: { removed, failed },
      });
    removed += page.length;
  }
  return removed;
}
