/** A source in memory that counts what was read of it. */
import { Readable } from 'node:stream';
import type { ByteSource } from '../byte-source.js';

export interface MemorySource extends ByteSource {
  reads: number;
  readBytes: number;
}

export function memorySource(content: Buffer | string): MemorySource {
  const all = Buffer.from(content);
  return {
    bytes: all.length,
    reads: 0,
    readBytes: 0,
    read(offset, length) {
      this.reads++;
      this.readBytes += length;
      return Promise.resolve(all.subarray(offset, offset + length));
    },
    stream: (offset, length) => Promise.resolve(Readable.from([all.subarray(offset, offset + (length ?? all.length))])),
  };
}
