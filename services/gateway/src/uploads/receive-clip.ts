/**
 * Receives one clip, streamed from the socket into the object store while it is hashed; nothing is held in memory or
 * written to a temporary file of ours. Takes multipart forms (one `file`, small fields in any order) and raw bodies.
 */
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import type { Request } from 'express';
import { AppError, isAppError, toAppError } from '@timbre/shared/errors';
import type { ObjectStore, StoredObject } from '@timbre/shared/storage/object-store';
import { guardBody } from './ingress-guard.js';

export interface ReceivedClip {
  object: StoredObject;
  fields: Record<string, string>;
  /** File name the client gave, without folders; `clip` when it gave none. */
  fileName: string;
  contentType: string | undefined;
}

export interface ReceiveOptions {
  key: string;
  store: ObjectStore;
  maxBytes: number;
  minBytesPerSecond: number;
  signal: AbortSignal;
  /** Content types of raw bodies; default: those of audio. */
  rawTypes?: RegExp;
}

const formOverheadBytes = 64 * 1024;
const formLimits = { files: 1, fields: 16, parts: 18, fieldNameSize: 100, fieldSize: 8192, headerPairs: 32 };
const multipart = /^multipart\/form-data\s*;/i;
const rawTypes = /^(audio\/|video\/|application\/(octet-stream|ogg))/i;

export function isMultipart(request: Request): boolean {
  return multipart.test(request.get('content-type') ?? '');
}

export function isRawBody(request: Request, types: RegExp = rawTypes): boolean {
  return types.test(request.get('content-type') ?? '');
}

/**
 * @throws AppError `payload_too_large`, `multipart_malformed`, `too_many_parts`, `file_missing`, `upload_incomplete`,
 * `request_timeout`, `checksum_mismatch`, `unsupported_media_type`, or what the store throws. Nothing is left stored.
 */
export async function receiveClip(request: Request, options: ReceiveOptions): Promise<ReceivedClip> {
  const declared = Number(request.get('content-length') ?? 0);
  if (declared > options.maxBytes + (isMultipart(request) ? formOverheadBytes : 0))
    throw new AppError('payload_too_large', { details: { limit: options.maxBytes, observed: declared } });
  if (isMultipart(request)) return receiveForm(request, options);
  if (isRawBody(request, options.rawTypes)) return receiveRaw(request, options);
  throw new AppError('unsupported_media_type', {
    detail: 'send multipart/form-data, audio/* or application/octet-stream',
  });
}

async function receiveRaw(request: Request, options: ReceiveOptions): Promise<ReceivedClip> {
  const contentType = request.get('content-type');
  const body = guardBody(request, options, options.signal);
  const object = await putClip(body, options, contentType, contentDigest(request));
  return { object, fields: {}, fileName: 'clip', contentType };
}

async function receiveForm(request: Request, options: ReceiveOptions): Promise<ReceivedClip> {
  const fields: Record<string, string> = {};
  let file: { stored: Promise<StoredObject>; fileName: string; contentType: string } | undefined;
  let refused: AppError | undefined;
  const form = openForm(request);
  const refuse = (error: AppError): void => {
    refused ??= error;
    form.destroy(error);
  };
  form.on('file', (name, stream, info) => {
    if (name !== 'file' || file) {
      stream.resume();
      return void refuse(new AppError('invalid_parameter', { detail: 'the file part must be named "file"' }));
    }
    const stored = putClip(stream, options, info.mimeType);
    // Refuse the rest of the form as soon as the store refuses the file.
    stored.catch((error: unknown) => refuse(toAppError(error)));
    file = { stored, fileName: baseName(info.filename), contentType: info.mimeType };
  });
  form.on('field', (name, value, info) => {
    if (info.nameTruncated || info.valueTruncated)
      return void refuse(new AppError('too_many_parts', { detail: 'a field is too long' }));
    if (Object.hasOwn(fields, name))
      return void refuse(new AppError('invalid_parameter', { detail: 'a field came twice' }));
    fields[name] = value;
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    form.on(limit, () => refuse(new AppError('too_many_parts')));

  try {
    await pipeline(guardBody(request, options, options.signal), form);
    if (!file) throw new AppError('file_missing');
    return { object: await file.stored, fields, fileName: file.fileName, contentType: file.contentType };
  } catch (error) {
    await discard(file?.stored, options);
    throw refused ?? (isAppError(error) ? error : formError(error, options.signal));
  }
}

function openForm(request: Request): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: formLimits, defParamCharset: 'utf8' });
  } catch (cause) {
    throw new AppError('multipart_malformed', { cause });
  }
}

function formError(error: unknown, signal: AbortSignal): AppError {
  if (signal.aborted) return toAppError(signal.reason);
  const ended = error instanceof Error && /unexpected end|premature|aborted/i.test(error.message);
  return new AppError(ended ? 'upload_incomplete' : 'multipart_malformed', { cause: error });
}

function putClip(
  stream: Readable,
  options: ReceiveOptions,
  contentType?: string,
  expectedSha256?: string,
): Promise<StoredObject> {
  const stored = options.store.put(options.key, stream, {
    maxBytes: options.maxBytes,
    signal: options.signal,
    ...(contentType ? { contentType } : {}),
    ...(expectedSha256 ? { expectedSha256 } : {}),
  });
  stored.catch(() => undefined);
  return stored;
}

/** Removes a file that was stored before the rest of its form turned out bad. */
async function discard(stored: Promise<StoredObject> | undefined, { store, key }: ReceiveOptions): Promise<void> {
  const complete = await stored?.then(
    () => true,
    () => false,
  );
  if (complete) await store.delete(key);
}

/** SHA-256 of a `Content-Digest` header (RFC 9530) as hex. */
function contentDigest(request: Request): string | undefined {
  const match = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(request.get('content-digest') ?? '');
  return match?.[1] ? Buffer.from(match[1], 'base64').toString('hex') : undefined;
}

/** A name for people to read: no folders, no control or bidirectional characters, at most 255 characters. */
export function baseName(name: string | undefined): string {
  const last = (name ?? '').split(/[\\/]/).pop() ?? '';
  const clean = last.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '').slice(0, 255);
  return clean || 'clip';
}
