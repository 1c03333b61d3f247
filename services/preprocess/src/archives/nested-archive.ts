/** Archives inside archives, by name or by content. They are never opened: each is an entry error. */

/** What `nestedArchiveKind` looks at: the mark of tar lies in bytes 257 to 262. */
export const HEAD_BYTES = 264;

const NAMES = /\.(zip|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|7z|rar|lzma)$/i;

const MARKS: [kind: string, mark: string, at: number][] = [
  ['zip', 'PK\x03\x04', 0],
  ['zip', 'PK\x05\x06', 0],
  ['gzip', '\x1f\x8b\x08', 0],
  ['7z', '7z\xbc\xaf\x27\x1c', 0],
  ['rar', 'Rar!\x1a\x07', 0],
  ['xz', '\xfd7zXZ\0', 0],
  ['zstd', '\x28\xb5\x2f\xfd', 0],
  ['tar', 'ustar', 257],
];

export const hasArchiveName = (path: string) => NAMES.test(path);

export function nestedArchiveKind(head: Buffer): string | undefined {
  return MARKS.find(([, mark, at]) => head.toString('latin1', at, at + mark.length) === mark)?.[0];
}
