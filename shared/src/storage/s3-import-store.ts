/** A bucket that batches may be read from, with whatever keys are in it. */
import { toS3Error } from './s3-errors.js';
import { listPages } from './s3-listing.js';
import { readWhole } from './s3-reader.js';
import { openBucket, type S3StoreOptions } from './s3-store.js';
import type { ImportStore } from './import-store.js';

export function createS3ImportStore(options: S3StoreOptions): ImportStore {
  const { reading, close } = openBucket(options);
  return {
    address: `s3://${options.bucket}/`,
    async *list(prefix, { signal } = {}) {
      try {
        for await (const page of listPages({ ...reading, anyKeys: true }, prefix, signal)) {
          // A key that ends in a slash stands for a folder.
          for (const object of page) if (!object.key.endsWith('/')) yield object;
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw toS3Error(error, undefined);
      }
    },
    async readAll(key, { maxBytes, signal }) {
      try {
        return await readWhole(reading, { key, maxBytes, signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw toS3Error(error, undefined);
      }
    },
    close: () => {
      close();
      return Promise.resolve();
    },
  };
}
