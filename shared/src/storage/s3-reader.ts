/** Reading one object from S3: ranges as a stream that survives broken connections, or the whole into memory. */
import type { Client } from 'minio';
import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { chunkReadable } from './chunk-readable.js';
import { tooLarge } from './content-check.js';
import type { DeadlineRule } from './deadline.js';
import type { GetOptions, ObjectInfo } from './object-store.js';
import { resumingRead, type S3Body } from './s3-body.js';
import type { S3Call } from './s3-call.js';
import { s3CodeOf } from './s3-errors.js';

export interface S3Reading {
  client: Client;
  bucket: string;
  call: S3Call;
  deadline: DeadlineRule;
  idleMs: number;
  maxResumes: number;
}

interface Slice {
  key: string;
  offset: number;
  /** Undefined: to the end. */
  length: number | undefined;
  signal?: AbortSignal | undefined;
}

export async function openRange(
  reading: S3Reading,
  headOf: (key: string) => Promise<ObjectInfo | null>,
  { key, range, signal }: { key: string } & GetOptions,
): Promise<Readable> {
  const slice: Slice = { key, offset: range?.offset ?? 0, length: range?.length, signal };
  if (slice.length !== undefined && slice.length <= 0) {
    // S3 has no range for nothing, but the object must be there all the same.
    if ((await headOf(key)) === null) throw new AppError('object_missing');
    return Readable.from([]);
  }
  const first = await openSlice(reading, slice);
  if (first === null) return Readable.from([]);
  const { etag } = first.response.headers;
  const reopen = async (bytesRead: number) => {
    const length = slice.length === undefined ? undefined : slice.length - bytesRead;
    const rest = length === 0 ? null : await openSlice(reading, { ...slice, offset: slice.offset + bytesRead, length });
    if (rest !== null && rest.response.headers.etag !== etag) {
      rest.cut();
      throw new AppError('dependency_unavailable', { detail: 'the object was replaced while it was read' });
    }
    return rest;
  };
  const { chunks, cut } = resumingRead({ ...reading, first, reopen });
  return chunkReadable(chunks, { release: cut, signal });
}

/** `null` when the object ends before the slice begins. */
async function openSlice(
  { client, bucket, call }: S3Reading,
  { key, offset, length, signal }: Slice,
): Promise<S3Body | null> {
  try {
    return await call(
      async (attempt) => {
        const response = asResponse(await client.getPartialObject(bucket, key, offset, length));
        return { response, cut: attempt.detach() };
      },
      { signal },
    );
  } catch (error) {
    if (s3CodeOf(error) === 'InvalidRange') return null;
    throw error;
  }
}

export function readWhole(
  { client, bucket, call }: S3Reading,
  { key, maxBytes, signal }: { key: string; maxBytes: number; signal?: AbortSignal | undefined },
): Promise<Buffer> {
  return call(
    async (attempt) => {
      const response = asResponse(await client.getObject(bucket, key));
      const declared = Number(response.headers['content-length'] ?? 0);
      if (declared > maxBytes) throw tooLarge(maxBytes, declared);
      attempt.expectBytes(declared);
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        if ((bytes += chunk.length) > maxBytes) throw tooLarge(maxBytes, bytes);
      }
      return Buffer.concat(chunks);
    },
    { signal },
  );
}

/** The client types its answers as any stream. */
function asResponse(body: Readable): IncomingMessage {
  if (body instanceof IncomingMessage) return body;
  throw new TypeError('the client answers with its HTTP response');
}
