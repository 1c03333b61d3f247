/** Files as what the calls take and name. Node only. */
import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** A blob that reads the file when it is sent, in pieces; sending fails when the file has changed since. */
export function openFile(path: string): Promise<Blob> {
  return openAsBlob(path);
}

/** Lower-case hex, as `PUT /v1/clips/:sha256` takes it. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash, signal ? { signal } : {});
  return hash.digest('hex');
}
