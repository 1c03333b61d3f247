/** The headers of tus 1.0 (https://tus.io/protocols/resumable-upload), read and judged. */
import type { Request } from 'express';
import { AppError } from '@timbre/shared/errors';
import { baseName } from './receive-clip.js';
import type { Checksum } from './append-parts.js';
import type { UploadInfo } from './uploaded-parts.js';

export const tusVersion = '1.0.0';
export const tusExtensions = 'creation,creation-with-upload,termination,expiration,checksum';
export const tusBodyType = 'application/offset+octet-stream';
const checksumAlgorithms = ['sha1', 'sha256', 'md5'];
export const tusChecksumAlgorithms = checksumAlgorithms.join(',');
/** What pages of other origins must be let see. */
export const tusExposedHeaders = [
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Expires',
];
const maxMetadataLength = 4096;

/** @throws AppError `tus_version_unsupported` */
export function requireTusVersion(request: Request): void {
  if (request.get('tus-resumable') !== tusVersion)
    throw new AppError('tus_version_unsupported', { details: { supported: [tusVersion] } });
}

/** @throws AppError `unsupported_media_type` */
export function requireTusBody(request: Request): void {
  if (request.get('content-type') !== tusBodyType)
    throw new AppError('unsupported_media_type', { detail: `the body of an upload is ${tusBodyType}` });
}

/** @throws AppError `invalid_parameter`, `payload_too_large` */
export function uploadInfoOf(request: Request, maxBytes: number): UploadInfo {
  const length = wholeNumber(request, 'Upload-Length');
  if (length > maxBytes) throw new AppError('payload_too_large', { details: { limit: maxBytes, observed: length } });
  const metadata = request.get('upload-metadata') ?? '';
  if (metadata.length > maxMetadataLength)
    throw new AppError('invalid_parameter', { detail: `Upload-Metadata: at most ${maxMetadataLength} characters` });
  const fileName = metadataValue(metadata, 'filename') ?? metadataValue(metadata, 'name');
  return { v: 1, length, metadata, ...(fileName ? { fileName: baseName(fileName) } : {}) };
}

export const uploadOffsetOf = (request: Request): number => wholeNumber(request, 'Upload-Offset');

/** `undefined` without the header. @throws AppError `invalid_parameter` */
export function checksumOf(request: Request): Checksum | undefined {
  const given = request.get('upload-checksum');
  if (given === undefined) return undefined;
  const [algorithm = '', digest = ''] = given.split(' ');
  if (!checksumAlgorithms.includes(algorithm) || digest === '')
    throw new AppError('invalid_parameter', {
      detail: `Upload-Checksum: an algorithm (${tusChecksumAlgorithms}) and a digest in base64`,
    });
  return { algorithm, digest };
}

function wholeNumber(request: Request, name: string): number {
  const value = request.get(name) ?? '';
  const number = Number(value);
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(number))
    throw new AppError('invalid_parameter', { detail: `${name} must be a whole number of bytes` });
  return number;
}

/** `Upload-Metadata` is a list of a key and its value in base64, parted by commas. */
function metadataValue(metadata: string, wanted: string): string | undefined {
  for (const pair of metadata.split(',')) {
    const [key, value] = pair.trim().split(' ');
    if (key === wanted && value) return Buffer.from(value, 'base64').toString('utf8');
  }
  return undefined;
}
