/** The source of a batch in the object store, one object or many parts laid end to end, as bytes at random. */
import { Readable } from 'node:stream';
import { AppError } from '@timbre/shared/errors';
import type { BatchSource } from '@timbre/shared/contracts/batch';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { ByteSource } from '../archives/byte-source.js';

type Parts = Extract<BatchSource, { kind: 'object' }>['parts'];

/** What was stored before may show late on some stores. */
const lateObjectMs = 10_000;

/** A run of bytes inside one part. */
interface Piece {
  key: string;
  offset: number;
  length: number;
}

export function openStoredSource(store: ObjectStore, parts: Parts, signal: AbortSignal): ByteSource {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);

  const piecesOf = (offset: number, length: number): Piece[] => {
    const end = Math.min(bytes, offset + length);
    const pieces: Piece[] = [];
    let start = 0;
    for (const part of parts) {
      const from = Math.max(offset, start);
      const to = Math.min(end, start + part.bytes);
      if (to > from) pieces.push({ key: part.key, offset: from - start, length: to - from });
      start += part.bytes;
    }
    return pieces;
  };

  async function* chunks(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
    for (const { key, offset, length } of pieces) {
      let seen = 0;
      const stream = await store.get(key, { range: { offset, length }, retryMissingMs: lateObjectMs, signal });
      for await (const chunk of stream) {
        seen += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
      if (seen !== length) throw new AppError('storage_corrupt', { detail: 'a stored part is shorter than it was' });
    }
  }

  return {
    bytes,
    async read(offset, length) {
      const read: Buffer[] = [];
      for await (const chunk of chunks(piecesOf(offset, length))) read.push(chunk);
      return read.length === 1 && read[0] ? read[0] : Buffer.concat(read);
    },
    stream: (offset, length = bytes - offset) => Promise.resolve(Readable.from(chunks(piecesOf(offset, length)))),
  };
}
