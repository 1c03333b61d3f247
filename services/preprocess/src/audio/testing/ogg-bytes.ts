/** Ogg files taken apart into raw pages, for tests that lose, change or reorder them and want the checksums right again. */
/** The pages of a well-formed file, each a copy. */
export function splitPages(file: Buffer): Buffer[] {
  const pages: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const segments = file[at + 26] ?? 0;
    const lacing = file.subarray(at + 27, at + 27 + segments);
    const length = 27 + segments + lacing.reduce((sum, value) => sum + value, 0);
    pages.push(Buffer.from(file.subarray(at, at + length)));
    at += length;
  }
  return pages;
}

const CRC32 = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Writes a page's checksum anew, in place, and returns the page. */
export function sealPage(page: Buffer): Buffer {
  page.writeUInt32LE(0, 22);
  let crc = 0;
  for (const byte of page) crc = (crc << 8) ^ (CRC32[(crc >>> 24) ^ byte] ?? 0);
  page.writeUInt32LE(crc >>> 0, 22);
  return page;
}

/** Gives all pages of a stream another serial number, so that two copies can stand in one file. */
export function withSerial(file: Buffer, serial: number): Buffer {
  return Buffer.concat(
    splitPages(file).map((page) => {
      page.writeUInt32LE(serial, 14);
      return sealPage(page);
    }),
  );
}
