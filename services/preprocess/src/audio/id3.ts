/** ID3v2 tags stand in front of mp3, but also of flac and aac files. */

/** Careless editors stack tags; more than this is not carelessness. */
const MAX_TAGS = 16;

/** Offset behind the ID3v2 tags at `offset`; may lie behind the end of a file whose tag was cut or lies. */
export function skipId3(bytes: Uint8Array, offset = 0): number {
  let at = offset;
  for (let count = 0; count < MAX_TAGS && hasId3(bytes, at); count++) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at + 6, at + 10);
    if ((a | b | c | d) & 0x80) break;
    const hasFooter = ((bytes[at + 5] ?? 0) & 0x10) !== 0;
    at += 10 + ((a << 21) | (b << 14) | (c << 7) | d) + (hasFooter ? 10 : 0);
  }
  return at;
}

function hasId3(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x49 && bytes[at + 1] === 0x44 && bytes[at + 2] === 0x33 && at + 10 <= bytes.length;
}
