/**
 * Places an operator lets batches be read from, besides our own store: only listed and read, with whatever names are there.
 */
import type { ObjectInfo } from './object-store.js';

export interface ImportStore {
  /** What users call it: `s3://bucket/` or `file:///folder/`; prefixes of batches begin with it. */
  readonly address: string;
  /** Objects under a prefix, in key order; links and what is no plain file are passed over. */
  list(prefix: string, options?: { signal?: AbortSignal | undefined }): AsyncIterable<ObjectInfo>;
  /** @throws AppError `object_missing`, `payload_too_large`, storage errors */
  readAll(key: string, options: { maxBytes: number; signal?: AbortSignal | undefined }): Promise<Buffer>;
  close(): Promise<void>;
}
