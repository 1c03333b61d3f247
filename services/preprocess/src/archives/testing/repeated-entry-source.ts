/** A zip of many stored entries with one content, made while it is read: as large as a test wants, held by nobody. */
import { Readable } from 'node:stream';
import type { ByteSource } from '../byte-source.js';
import { rawZip } from './zip-bytes.js';

const nameOf = (i: number) => `${String(i).padStart(8, '0')}.wav`;

export function repeatedEntrySource({ count, content }: { count: number; content: Buffer }): ByteSource {
  const single = rawZip([{ name: nameOf(0), content }]);
  const recordAt = single.indexOf('PK\x01\x02');
  const endAt = single.length - 22;
  const records = Buffer.concat(Array.from({ length: count }, (_, i) => recordOf(single.subarray(recordAt, endAt), i)));
  const end = Buffer.from(single.subarray(endAt));
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(count * recordAt, 16);
  const tail = Buffer.concat([records, end]);

  function recordOf(record: Buffer, i: number): Buffer {
    const copy = Buffer.from(record);
    copy.writeUInt32LE(i * recordAt, 42);
    copy.write(nameOf(i), 46);
    return copy;
  }
  const read = (offset: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length;) {
      const from = offset + at;
      const entry = Math.floor(from / recordAt);
      const isTail = entry >= count;
      if (!isTail) single.write(nameOf(entry), 30);
      const start = isTail ? from - count * recordAt : from % recordAt;
      at += isTail ? tail.copy(bytes, at, start) : single.copy(bytes, at, start, recordAt);
    }
    return bytes;
  };
  return {
    bytes: count * recordAt + tail.length,
    read: (offset, length) => Promise.resolve(read(offset, length)),
    stream: (offset, length = 0) => Promise.resolve(Readable.from([read(offset, length)])),
  };
}
