/** The bytes of a clip as they were sent, whole or in part, wherever they lie. */
import type { Readable } from 'node:stream';
import { Transform, type TransformCallback } from 'node:stream';

export interface ByteRange {
  offset: number;
  length: number;
}

export interface AudioContent {
  bytes: number;
  open(range: ByteRange): Promise<Readable>;
}

const types: Readonly<Record<string, string>> = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  webm: 'audio/webm',
  m4a: 'audio/mp4',
  mp4: 'audio/mp4',
  aiff: 'audio/aiff',
};

/** By what the clip turned out to be, not by what its sender called it. */
export function audioType(format: string | undefined): string {
  return types[format ?? ''] ?? 'application/octet-stream';
}

/**
 * A `Range` header with one range (RFC 9110 section 14.1.2) of a body of `bytes`; `undefined`: none, or one that may be
 * ignored; `null`: one that cannot be met.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | null | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? null : { offset: bytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < offset) return undefined;
  return offset >= bytes ? null : { offset, length: end - offset + 1 };
}

/** Lets a part of a stream through and ends there. */
export function partOf({ offset, length }: ByteRange): Transform {
  let at = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const from = Math.max(0, offset - at);
      const to = Math.min(chunk.length, offset + length - at);
      at += chunk.length;
      done(null, to > from ? chunk.subarray(from, to) : undefined);
    },
  });
}
