/**
 * Stores a body of unknown end as part objects. A body that breaks off keeps what came: the part under way is closed where it
 * is. Bytes stream into the store as they come, so an upload holds no more memory than the store's own buffers; a part ends
 * after 8 MiB or 30 seconds, which is what a killed gateway can lose.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { AppError } from '@timbre/shared/errors';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { uploadPartKey, type UploadOwner } from '@timbre/shared/storage/upload-keys';

export interface Checksum {
  /** As `node:crypto` names it. */
  algorithm: string;
  /** Base64. */
  digest: string;
}

export interface AppendOptions {
  owner: UploadOwner;
  /** Where the body begins in the upload. */
  offset: number;
  /** Bytes that may still come; more is `payload_too_large`. */
  maxBytes: number;
  /** The body is then one part, seen only when the checksum fits. */
  checksum?: Checksum | undefined;
  partBytes?: number;
  partMs?: number;
  /** Told after each stored part. */
  onStored?: (bytes: number) => void;
}

const defaultPartBytes = 8 * 1024 * 1024;
const defaultPartMs = 30_000;

/**
 * Resolves with the bytes stored. When the body fails, what came is stored first; then its failure passes.
 * @throws AppError `payload_too_large`, `upload_checksum_mismatch`; what the body or the store fails with
 */
export async function appendParts(
  store: ObjectStore,
  body: AsyncIterable<Buffer>,
  options: AppendOptions,
): Promise<number> {
  const { owner, offset, maxBytes, checksum, partMs = defaultPartMs } = options;
  const partBytes = checksum ? Infinity : (options.partBytes ?? defaultPartBytes);
  const hash = checksum && createHash(checksum.algorithm);
  const token = randomBytes(4).toString('hex');
  let stored = 0;
  let part: OpenPart | undefined;
  const close = async (): Promise<void> => {
    const closing = part;
    part = undefined;
    if (!closing) return;
    const bytes = await closing.finish();
    stored += bytes;
    options.onStored?.(bytes);
  };
  const add = async (chunk: Buffer): Promise<void> => {
    for (let rest = chunk; rest.length > 0;) {
      part ??= openPart(store, uploadPartKey(owner, offset + stored, token));
      const piece = rest.subarray(0, Math.min(rest.length, partBytes - part.bytes));
      rest = rest.subarray(piece.length);
      hash?.update(piece);
      await part.write(piece);
      if (part.bytes >= partBytes || (!checksum && part.ageMs() >= partMs)) await close();
    }
  };
  try {
    for await (const chunk of body) {
      const room = maxBytes - stored - (part?.bytes ?? 0);
      await add(chunk.subarray(0, room));
      if (chunk.length > room) throw new AppError('payload_too_large', { details: { limit: offset + maxBytes } });
    }
    if (hash && hash.digest('base64') !== checksum.digest) throw new AppError('upload_checksum_mismatch');
  } catch (error) {
    // Bytes whose checksum was never seen to fit do not count.
    if (checksum) await part?.discard(error);
    else if (!part?.failed) await close();
    throw error;
  }
  await close();
  return stored;
}

interface OpenPart {
  readonly bytes: number;
  /** The store refused it. */
  readonly failed: boolean;
  ageMs(): number;
  write(chunk: Buffer): Promise<void>;
  finish(): Promise<number>;
  discard(reason: unknown): Promise<void>;
}

function openPart(store: ObjectStore, key: string): OpenPart {
  const stream = new PassThrough({ highWaterMark: 256 * 1024 });
  const openedAt = performance.now();
  let bytes = 0;
  let failed = false;
  const stored = store.put(key, stream);
  stored.catch(() => (failed = true));
  return {
    get bytes() {
      return bytes;
    },
    get failed() {
      return failed;
    },
    ageMs: () => performance.now() - openedAt,
    async write(chunk) {
      bytes += chunk.length;
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), stored]);
    },
    async finish() {
      stream.end();
      return (await stored).bytes;
    },
    async discard(reason) {
      stream.destroy(reason instanceof Error ? reason : new Error('discarded'));
      await stored.catch(() => undefined);
    },
  };
}
