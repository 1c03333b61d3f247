/** Removes multipart uploads that a killed process has left unfinished; their parts cost space but are never visible. */
import { s3CodeOf } from './s3-errors.js';
import type { S3Reading } from './s3-reader.js';

/** @returns how many uploads begun before that were removed */
export async function sweepUploads({ client, bucket, call }: S3Reading, olderThanMs: number): Promise<number> {
  const before = Date.now() - olderThanMs;
  let removed = 0;
  for (let marker = ''; ;) {
    const page = await call(() => client.listIncompleteUploadsQuery(bucket, '', marker, '', ''));
    for (const { key, uploadId, initiated } of page.uploads) {
      if (initiated.getTime() > before) continue;
      try {
        // The client's parser gives keys that look like numbers as numbers.
        await call(() => client.abortMultipartUpload(bucket, String(key as unknown), uploadId));
        removed++;
      } catch (error) {
        // Completed or swept by somebody else meanwhile.
        if (s3CodeOf(error) !== 'NoSuchUpload') throw error;
      }
    }
    const marked: unknown = page.nextKeyMarker;
    const next = String(marked);
    if (!page.isTruncated || next === marker) return removed;
    marker = next;
  }
}
