/** File names for what strangers called their clips. Pure. */

const maxPartBytes = 200;
const maxParts = 32;
/** Names Windows keeps for devices, with any ending. */
const device = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * `<path>.txt` as a relative path that every system can unpack and that stays within the folder it is unpacked to: no
 * `..`, no drive, no control or reserved characters, no part over 200 bytes.
 */
export function labelFileName(path: string): string {
  const parts = path
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .slice(-maxParts)
    .map(safePart);
  return `${parts.length === 0 ? 'clip' : parts.join('/')}.txt`;
}

function safePart(part: string): string {
  const clean = part
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff<>:"|?*]/gu, '_')
    .replace(/[. ]+$/, '_');
  return shortened(device.test(clean) ? `_${clean}` : clean);
}

/** Keeps the end, where the number of a take and the format stand. */
function shortened(part: string): string {
  let kept = part;
  while (Buffer.byteLength(kept) > maxPartBytes) kept = kept.replace(/^./su, '');
  return kept;
}
