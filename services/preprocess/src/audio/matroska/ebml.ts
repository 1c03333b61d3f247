/** Elements of an EBML file (RFC 8794), the layer under Matroska and WebM. */
export interface EbmlElement {
  id: number;
  /** Where the content begins and, as declared, ends; an element of unknown size ends with the file. */
  start: number;
  end: number;
  hasUnknownSize: boolean;
}

const MAX_ELEMENTS = 10_000;

/** Elements from `start` to `end`, one level; stops at the first that makes no sense. */
export function* readElements(file: Buffer, start: number, end: number): Generator<EbmlElement> {
  let at = start;
  for (let count = 0; at < end && count < MAX_ELEMENTS; count++) {
    const id = readVariable(file, at, { keepMarker: true });
    const size = id && readVariable(file, at + id.bytes, { keepMarker: false });
    if (!id || !size) return;
    const body = at + id.bytes + size.bytes;
    const hasUnknownSize = size.value === 2 ** (7 * size.bytes) - 1;
    const next = hasUnknownSize ? end : body + size.value;
    yield { id: id.value, start: body, end: next, hasUnknownSize };
    at = next;
  }
}

/** The first child with this id. */
export function findElement(file: Buffer, parent: EbmlElement, id: number): EbmlElement | null {
  for (const element of readElements(file, parent.start, Math.min(parent.end, file.length)))
    if (element.id === id) return element;
  return null;
}

export function readUnsigned(file: Buffer, element: EbmlElement): number {
  let value = 0;
  for (const byte of file.subarray(element.start, Math.min(element.end, element.start + 8))) value = value * 256 + byte;
  return value;
}

/** `null` for a float of an impossible width. */
export function readFloat(file: Buffer, element: EbmlElement): number | null {
  const width = element.end - element.start;
  if (element.end > file.length) return null;
  if (width === 4) return file.readFloatBE(element.start);
  return width === 8 ? file.readDoubleBE(element.start) : null;
}

export function readText(file: Buffer, element: EbmlElement): string {
  const text = file.toString('latin1', element.start, Math.min(element.end, element.start + 64));
  return text.replace(/\0.*$/s, '');
}

/** One to eight bytes; the leading zeros of the first say how many. */
function readVariable(
  file: Buffer,
  at: number,
  { keepMarker }: { keepMarker: boolean },
): { value: number; bytes: number } | null {
  const first = file[at];
  if (first === undefined || first === 0) return null;
  const bytes = Math.clz32(first) - 23;
  if (at + bytes > file.length) return null;
  let value = keepMarker ? first : first & (0xff >> bytes);
  for (let i = 1; i < bytes; i++) value = value * 256 + (file[at + i] ?? 0);
  return { value, bytes };
}
