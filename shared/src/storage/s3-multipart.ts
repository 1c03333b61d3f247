/**
 * One multipart upload: parts go out one after the other while the next is filled; nothing is visible before `complete`.
 * When the answer to its begin is lost, the server holds an upload nobody knows of: the sweep is there for those too.
 */
import type { S3Call } from './s3-call.js';
import { s3CodeOf } from './s3-errors.js';
import type { S3Target } from './s3-upload.js';

/** Clearing up must not hold back the error of a put for long; the sweep does what is left. */
const ABORT_LIMIT_MS = 5_000;

export interface Multipart {
  /** Waits until the part before is stored, then starts this one; its bytes are in use until the next call returns. */
  send(takePart: () => Buffer): Promise<void>;
  /** Makes the object visible. */
  complete(): Promise<void>;
  /** Stops what is under way and removes the parts. Never fails. */
  abort(): Promise<void>;
}

export interface MultipartOptions {
  key: string;
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
}

export async function beginMultipart(target: S3Target, options: MultipartOptions): Promise<Multipart> {
  const { client, bucket, call, onLeftover } = target;
  const { key, headers, signal } = options;
  const uploadId = await call(() => client.initiateNewMultipartUpload(bucket, key, { ...headers }), { signal });
  const parts: { part: number; etag: string }[] = [];
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  let bytes = 0;
  let underWay: Promise<void> = Promise.resolve();

  const store = async (payload: Buffer, partNumber: number) => {
    const part = { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber, headers: {} };
    const { etag } = await call(() => client.uploadPart(part, payload), { bytes: payload.length, signal: stop.signal });
    parts.push({ part: partNumber, etag });
    bytes += payload.length;
  };

  return {
    async send(takePart) {
      await underWay;
      underWay = store(takePart(), parts.length + 1);
      // A failure shows at the next call; until then it must not count as unhandled.
      underWay.catch(() => undefined);
    },
    async complete() {
      await underWay;
      await completeOnce(
        { ...target, key, call: (work) => call(work, { signal: stop.signal }) },
        { uploadId, parts, bytes },
      );
      signal?.removeEventListener('abort', onAbort);
    },
    async abort() {
      signal?.removeEventListener('abort', onAbort);
      stop.abort();
      await underWay.catch(() => undefined);
      const limit = AbortSignal.timeout(ABORT_LIMIT_MS);
      try {
        await call(() => client.abortMultipartUpload(bucket, key, uploadId), { signal: limit });
      } catch (error) {
        if (s3CodeOf(error) !== 'NoSuchUpload') onLeftover(error);
      }
    },
  };
}

type Completion = { uploadId: string; parts: { part: number; etag: string }[]; bytes: number };

/** Completing is not idempotent: when an answer was lost, the second try finds the upload gone and the object there. */
async function completeOnce(
  { client, bucket, key, call }: Pick<S3Target, 'client' | 'bucket'> & { key: string; call: S3Call },
  { uploadId, parts, bytes }: Completion,
): Promise<void> {
  let tries = 0;
  try {
    await call(() => {
      tries++;
      return client.completeMultipartUpload(bucket, key, uploadId, parts);
    });
  } catch (error) {
    if (tries < 2 || s3CodeOf(error) !== 'NoSuchUpload') throw error;
    const { size } = await call(() => client.statObject(bucket, key));
    if (size !== bytes) throw error;
  }
}
