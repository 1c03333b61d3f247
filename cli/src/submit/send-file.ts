/** Sends an archive or a manifest: small ones with the batch call itself, large ones as an upload that can be gone on with. */
import { TimbreApiError, type BatchContent, type UploadCalls } from '@timbre/client';
import { openFile, sha256OfFile } from '@timbre/client/node/file-content';
import type { SubmitSource } from './source-kind.js';
import type { UploadMemory } from './upload-memory.js';

export const RESUMABLE_ABOVE_BYTES = 64 * 1024 * 1024;

export interface SendFileOptions {
  uploads: UploadCalls;
  memory: UploadMemory;
  url: string;
  signal: AbortSignal;
  onProgress: (sentBytes: number, totalBytes: number) => void;
}

export interface SentFile {
  content: BatchContent;
  /** Stands for the bytes in an idempotency key. */
  identity: string;
  /** Bytes that an earlier command had sent. */
  resumedBytes: number;
}

type FileSource = Extract<SubmitSource, { kind: 'file' }>;

export async function sendFile(source: FileSource, options: SendFileOptions): Promise<SentFile> {
  const content = await openFile(source.path);
  if (source.bytes <= RESUMABLE_ABOVE_BYTES)
    return {
      content: { body: content },
      identity: await sha256OfFile(source.path, options.signal),
      resumedBytes: 0,
    };
  const { uploadId, resumedBytes } = await sendResumable(source, content, options);
  return { content: { source: { uploadId } }, identity: uploadId, resumedBytes };
}

async function sendResumable(source: FileSource, content: Blob, options: SendFileOptions) {
  const { uploads, memory, url, signal } = options;
  const file = { url, path: source.path, bytes: source.bytes, modifiedMs: source.modifiedMs };
  let resumedBytes = 0;
  let begun = false;
  const onProgress = (sent: number, total: number): void => {
    if (!begun) resumedBytes = sent;
    begun = true;
    options.onProgress(sent, total);
  };
  const send = (uploadId: string | undefined) =>
    uploads.send(content, {
      uploadId,
      name: source.name,
      onCreated: (created) => memory.keep(file, created),
      onProgress,
      signal,
    });
  const earlier = await memory.find(file);
  try {
    return { uploadId: await send(earlier), resumedBytes };
  } catch (error) {
    const gone = error instanceof TimbreApiError && (error.status === 404 || error.status === 410);
    if (earlier === undefined || !gone) throw error;
    begun = false;
    return { uploadId: await send(undefined), resumedBytes: 0 };
  }
}
