/**
 * Uploads to S3 with flat memory, so that an object is seen whole or not at all.
 *
 * What fits one part is one PUT, sent once its hash is known and right. A longer stream is a multipart upload made visible
 * by its last call only, after the hash was compared; so no temporary key and no copy is needed. Parts are buffers of ours
 * and can be sent again. Not the client's own streaming: it resumes any unfinished upload of the same key, sends parts it
 * cannot repeat and leaves the upload behind when it fails (read in minio 8.0.7).
 */
import type { Client } from 'minio';
import type { Readable } from 'node:stream';
import { AppError, isAppError } from '../errors.js';
import { createContentCheck, tooLarge, type ContentCheck } from './content-check.js';
import type { PutOptions, StoredObject } from './object-store.js';
import { createPartBuffers } from './part-buffers.js';
import type { S3Call } from './s3-call.js';
import { beginMultipart, type Multipart } from './s3-multipart.js';
import { sourceChunks } from './source-chunks.js';

const PART_BYTES = 8 * 1024 * 1024;
/** S3 takes no more parts: 78 GiB. */
const MAX_PARTS = 10_000;
/** Content that is in memory anyway goes as one PUT up to here. */
export const MAX_SINGLE_PUT_BYTES = 64 * 1024 * 1024;

export interface S3Target {
  client: Client;
  bucket: string;
  call: S3Call;
  /** Told when an unfinished upload could not be removed. */
  onLeftover: (error: unknown) => void;
}

interface Upload {
  key: string;
  options: PutOptions;
  headers: Record<string, string>;
  check: ContentCheck;
}

export async function uploadObject(
  target: S3Target,
  { key, content, options }: { key: string; content: Readable | Uint8Array; options: PutOptions },
): Promise<StoredObject> {
  const maxBytes = Math.min(options.maxBytes ?? Infinity, PART_BYTES * MAX_PARTS);
  const headers = { 'Content-Type': options.contentType ?? 'application/octet-stream' };
  const upload: Upload = { key, options, headers, check: createContentCheck({ ...options, maxBytes }) };
  if (!(content instanceof Uint8Array))
    return await uploadChunks(target, upload, sourceChunks(content, options.signal));
  if (content.byteLength > maxBytes) throw tooLarge(maxBytes, content.byteLength);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length > MAX_SINGLE_PUT_BYTES) return await uploadChunks(target, upload, [bytes]);
  upload.check.add(bytes);
  return await uploadSingle(target, upload, bytes);
}

async function uploadSingle(target: S3Target, upload: Upload, bytes: Buffer): Promise<StoredObject> {
  const { client, bucket, call } = target;
  const { key, headers, options } = upload;
  const stored = upload.check.finish();
  try {
    await call(() => client.putObject(bucket, key, bytes, bytes.length, { ...headers }), {
      bytes: bytes.length,
      signal: options.signal,
    });
  } catch (error) {
    if (isCutShort(error)) await requireBucket(target);
    throw error;
  }
  return { key, ...stored };
}

/** A server that refuses a request by its headers may close before the body is sent: then its answer is lost to us. */
function isCutShort(error: unknown): boolean {
  return isAppError(error) && ['EPIPE', 'ECONNRESET'].includes(String(error.details['errno']));
}

/** Asks without a body. @throws AppError `storage_misconfigured` when bucket or keys are wrong */
export async function requireBucket({ client, bucket, call }: Omit<S3Target, 'onLeftover'>): Promise<void> {
  if (await call(() => client.bucketExists(bucket))) return;
  throw new AppError('storage_misconfigured', { detail: 'the bucket does not exist' });
}

async function uploadChunks(
  target: S3Target,
  upload: Upload,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<StoredObject> {
  const { key, headers, check, options } = upload;
  const buffers = createPartBuffers(PART_BYTES);
  let multipart: Multipart | undefined;
  try {
    for await (const chunk of chunks) {
      check.add(chunk);
      for (let rest = chunk; rest.length > 0;) {
        rest = rest.subarray(buffers.append(rest));
        // A full part goes out when more follows, so a stream of exactly one part is still a single PUT.
        if (rest.length === 0) continue;
        multipart ??= await beginMultipart(target, { key, headers, signal: options.signal });
        await multipart.send(buffers.turn);
      }
    }
    if (multipart === undefined) return await uploadSingle(target, upload, buffers.filled());
    await multipart.send(buffers.turn);
    const stored = check.finish();
    await multipart.complete();
    return { key, ...stored };
  } catch (error) {
    await multipart?.abort();
    throw error;
  }
}
