/** What one pass over the content of a clip tells: size, SHA-256, CRC-32 and its first bytes. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { HEAD_BYTES } from './nested-archive.js';

export class ClipDigest {
  bytes = 0;
  /** IEEE 802.3, as zip has it. */
  crc32 = 0;
  /** First bytes, as many as `nestedArchiveKind` looks at. */
  head = Buffer.alloc(0);
  readonly #hash = createHash('sha256');

  update(chunk: Buffer): void {
    if (this.head.length < HEAD_BYTES)
      this.head = Buffer.concat([this.head, chunk.subarray(0, HEAD_BYTES - this.head.length)]);
    this.bytes += chunk.length;
    this.crc32 = crc32(chunk, this.crc32);
    this.#hash.update(chunk);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}
