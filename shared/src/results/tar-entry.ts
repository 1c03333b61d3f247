/**
 * Small files as tar (POSIX.1-2001, ustar with pax headers for long and non-ASCII names). Pure: one buffer for each file,
 * made when asked for, so the reader sets the pace; a zip would keep a record of every file to its end.
 */

const blockBytes = 512;
/** Longest name the plain header holds. */
const maxPlainName = 100;

/** Two empty blocks end an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * blockBytes);

/** @param name with `/`, relative */
export function tarEntry(name: string, body: Buffer, modifiedAtMs: number): Buffer {
  const modified = Math.max(0, Math.floor(modifiedAtMs / 1000));
  const plain = /^[\x20-\x7e]*$/.test(name) && name.length <= maxPlainName;
  const file = [header(plain ? name : shortName(name), body.length, modified, '0'), padded(body)];
  if (plain) return Buffer.concat(file);
  const pax = Buffer.from(paxRecord('path', name));
  return Buffer.concat([header('PaxHeader', pax.length, modified, 'x'), padded(pax), ...file]);
}

function header(name: string, bytes: number, modified: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(name, 0, maxPlainName, 'latin1');
  block.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, 'latin1');
  block.write(`${octal(bytes, 11)}\0${octal(modified, 11)}\0`, 124, 'latin1');
  // The checksum is the sum of all bytes with its own eight as spaces.
  block.write(`        ${type}`, 148, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((blockBytes - (body.length % blockBytes)) % blockBytes)]);
}

/** For readers that do not know pax. */
function shortName(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '_').slice(-maxPlainName);
}

/** `<length> key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes;
  while (length !== bytes + String(length).length) length = bytes + String(length).length;
  return `${length}${rest}`;
}
