/** Tars written byte by byte, where a header may say anything. Good ones for the rest are packed by tar-stream. */
import { pack, type Pack } from 'tar-stream';

export interface RawTarEntry {
  name: string;
  type?: string;
  content?: Buffer;
  size?: number;
}

const END = Buffer.alloc(1024);

export function rawTar(entries: RawTarEntry[], end = END): Buffer {
  return Buffer.concat([...entries.map(packed), end]);
}

function packed({ name, type = '0', content = Buffer.from('some audio'), size }: RawTarEntry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\0' + '00', 257);
  sealHeader(header);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** Writes the checksum of a header block. */
export function sealHeader(header: Buffer): void {
  header.fill(0x20, 148, 156);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

export async function packTar(files: (Parameters<Pack['entry']>[0] & { content?: Buffer })[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = Buffer.alloc(0), ...headers } of files) tar.entry(headers, content);
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
