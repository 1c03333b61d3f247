/** `/v1/uploads`: tus 1.0 (https://tus.io/protocols/resumable-upload), as much of it as sending a file in pieces needs. */
import { TimbreApiError } from './api-error.js';
import { isTransient, retryDelayMs } from './retry.js';
import { timeoutFor, type CallOptions, type Transport } from './transport.js';
import { sleep } from './wait.js';

export interface UploadOffset {
  /** Bytes the service has. */
  offset: number;
  bytes: number;
}

export interface SendOptions extends CallOptions {
  /** Go on with this upload. */
  uploadId?: string | undefined;
  /** For people. */
  name?: string;
  /** Called with the id as soon as there is one, so that the caller can remember it. */
  onCreated?: (uploadId: string) => void | Promise<void>;
  /** Bytes the service has, after each piece. */
  onProgress?: (sentBytes: number, totalBytes: number) => void;
  pieceBytes?: number;
}

export interface UploadCalls {
  create(bytes: number, options?: CallOptions & { name?: string }): Promise<string>;
  offset(uploadId: string, options?: CallOptions): Promise<UploadOffset>;
  remove(uploadId: string, options?: CallOptions): Promise<void>;
  /**
   * Sends a file in pieces, from where the service has it to its end, past broken connections.
   *
   * @returns the id that `source.uploadId` takes
   * @throws TimbreApiError `not_found`, `upload_expired` when the upload to go on with is gone; the last failure when 8 tries
   *   in a row brought no byte across
   */
  send(content: Blob, options?: SendOptions): Promise<string>;
}

const TUS = { 'tus-resumable': '1.0.0' };
const PIECE_BYTES = 8 * 1024 * 1024;
/** The service keeps at most 20,000 pieces of one upload, and broken ones count. */
const MOST_PIECES = 5000;
const MOST_FAILURES = 8;
/** Another piece of the same upload came in between, or is still being written: the offset has to be asked for again. */
const LOST_OFFSET = new Set(['upload_offset_mismatch', 'upload_locked', 'request_timeout', 'upload_incomplete']);

export function createUploadCalls(transport: Transport): UploadCalls {
  const pathOf = (uploadId: string) => `/v1/uploads/${encodeURIComponent(uploadId)}`;

  const calls: Omit<UploadCalls, 'send'> = {
    async create(bytes, { name, signal } = {}) {
      const metadata = name === undefined ? {} : { 'upload-metadata': `filename ${base64(name)}` };
      const headers = { ...TUS, ...metadata, 'upload-length': String(bytes) };
      const response = await transport.send({ method: 'POST', path: '/v1/uploads', headers, signal });
      const uploadId = response.headers.get('location')?.split('/').at(-1);
      if (!uploadId) throw new Error('the answer names no upload');
      return uploadId;
    },
    async offset(uploadId, { signal } = {}) {
      const { headers } = await transport.send({ method: 'HEAD', path: pathOf(uploadId), headers: TUS, signal });
      return { offset: Number(headers.get('upload-offset')), bytes: Number(headers.get('upload-length')) };
    },
    async remove(uploadId, { signal } = {}) {
      await transport.send({ method: 'DELETE', path: pathOf(uploadId), headers: TUS, signal });
    },
  };

  const append = async (uploadId: string, offset: number, piece: Blob, signal: AbortSignal | undefined) => {
    const { headers } = await transport.send({
      method: 'PATCH',
      path: pathOf(uploadId),
      headers: { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
      body: piece,
      timeoutMs: timeoutFor(piece),
      attempts: 1,
      signal,
    });
    return Number(headers.get('upload-offset'));
  };

  return {
    ...calls,
    async send(content, options = {}) {
      const { signal, onProgress } = options;
      const size = options.pieceBytes ?? Math.max(PIECE_BYTES, Math.ceil(content.size / MOST_PIECES));
      const uploadId = options.uploadId ?? (await calls.create(content.size, options));
      if (options.uploadId === undefined) await options.onCreated?.(uploadId);
      let { offset } = options.uploadId === undefined ? { offset: 0 } : await calls.offset(uploadId, { signal });
      onProgress?.(offset, content.size);
      for (let failures = 0; offset < content.size;) {
        try {
          offset = await append(uploadId, offset, content.slice(offset, offset + size), signal);
          failures = 0;
        } catch (error) {
          failures += 1;
          if (signal?.aborted || failures >= MOST_FAILURES || !isBroken(error)) throw error;
          await sleep(retryDelayMs(failures, error), signal);
          const kept = await calls.offset(uploadId, { signal });
          if (kept.offset > offset) failures = 0;
          offset = kept.offset;
        }
        onProgress?.(offset, content.size);
      }
      return uploadId;
    },
  };
}

const isBroken = (error: unknown): boolean =>
  isTransient(error) || (error instanceof TimbreApiError && LOST_OFFSET.has(error.code));

/** Of the text's UTF-8, as tus wants names. */
function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
