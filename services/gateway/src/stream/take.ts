/**
 * Keeps a live session as one WAV file. Samples stream into the store as the parts of an upload whose first part, the header,
 * is written last, when the length is known; then the parts become the audio of an ordinary job. Memory stays flat. A part
 * ends after 8 MiB or 10 seconds: what a killed gateway can lose.
 */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { toAppError, type AppError } from '@timbre/shared/errors';
import type { StreamFormat } from '@timbre/shared/contracts/stream';
import type { ObjectStore, StoredObject } from '@timbre/shared/storage/object-store';
import { parsePartKey, uploadPartKey, uploadPrefix, type UploadOwner } from '@timbre/shared/storage/upload-keys';
import { appendParts } from '../uploads/append-parts.js';
import { farthestChain, readParts, type UploadPart } from '../uploads/uploaded-parts.js';
import { sampleBytes, wavHeader, wavHeaderBytes } from '@timbre/shared/wav-header';

export interface TakeFormat {
  format: StreamFormat;
  sampleRateHz: number;
}

const partMs = 10_000;
const bufferBytes = 1024 * 1024;

export interface Take {
  /** Resolves when more may be written; never loses what it was given. @throws AppError when the store fails */
  write(bytes: Buffer): Promise<void> | undefined;
  /** Everything that was written lies in the store. @throws AppError when the store failed */
  close(): Promise<void>;
}

export function openTake(store: ObjectStore, owner: UploadOwner, onFailure: (error: AppError) => void): Take {
  const body = new PassThrough({ highWaterMark: bufferBytes });
  const stored = appendParts(store, body, { owner, offset: wavHeaderBytes, maxBytes: Infinity, partMs });
  stored.catch((error: unknown) => onFailure(toAppError(error)));
  return {
    write(bytes) {
      if (body.write(bytes)) return undefined;
      return Promise.race([once(body, 'drain'), stored]).then(() => undefined);
    },
    async close() {
      body.end();
      await stored;
    },
  };
}

/**
 * Lays the parts of a take end to end under `key`; `undefined` when there is not one sample. May be repeated.
 * @throws AppError `payload_too_large`, storage errors
 */
export async function assembleTake(
  store: ObjectStore,
  owner: UploadOwner,
  key: string,
  { format, sampleRateHz }: TakeFormat,
): Promise<StoredObject | undefined> {
  const sound = await soundOf(store, owner);
  const total = sound.reduce((sum, { bytes }) => sum + bytes, 0);
  const dataBytes = total - (total % sampleBytes[format]);
  if (dataBytes === 0) return undefined;
  const header = uploadPartKey(owner, 0, '00000000');
  await store.put(header, wavHeader(format, sampleRateHz, dataBytes));
  return store.put(key, readParts(store, [{ key: header, bytes: wavHeaderBytes }, ...sound]));
}

/** The parts without the header. */
async function soundOf(store: ObjectStore, owner: UploadOwner): Promise<UploadPart[]> {
  const found: (UploadPart & { offset: number })[] = [];
  for await (const { key, bytes } of store.list(uploadPrefix(owner))) {
    const offset = parsePartKey(key);
    if (offset !== undefined && offset >= wavHeaderBytes) found.push({ key, bytes, offset: offset - wavHeaderBytes });
  }
  return farthestChain(found);
}
