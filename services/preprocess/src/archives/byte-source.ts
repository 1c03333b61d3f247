/** What a batch is read from: one object, or the parts of a resumable upload laid end to end. */
import type { Readable } from 'node:stream';

/** Random access to the bytes of a source. Failures are AppErrors of the store and pass through the readers unchanged. */
export interface ByteSource {
  readonly bytes: number;
  /** Exactly `length` bytes; fewer only where the source ends. */
  read(offset: number, length: number): Promise<Buffer>;
  stream(offset: number, length?: number): Promise<Readable>;
}
