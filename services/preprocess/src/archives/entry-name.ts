/**
 * The name of an archive entry: a label for people, never a path of ours. Names that would lead out of a folder or that
 * print as something else than they are make the entry fail; what packers leave behind is passed over.
 */
import { AppError } from '@timbre/shared/errors';
import type { ArchiveLimits } from './archive-limits.js';
import { hasArchiveName } from './nested-archive.js';

export interface EntryName {
  path: string;
  /** `sidecar`: a file beside the audio; `clip`: everything else, as a name says nothing about the content. */
  kind: 'clip' | 'folder' | 'junk' | 'sidecar';
  error?: AppError;
}

/** Control characters (Unicode Cc), line separators and marks that turn the direction of text. */
const DECEIVING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const JUNK = /(^|\/)(__MACOSX\/|\.[^/]*$|(Thumbs\.db|desktop\.ini)$)/i;
const SIDECAR =
  /\.(txt|csv|tsv|jsonl?|md|rst|pdf|docx?|xlsx?|html?|xml|ya?ml|ini|log|cue|m3u8?|pls|lab|textgrid|eaf|srt|sfv|md5|sha\d*|jpe?g|png|gif|bmp|webp|tiff?|svg|py|r|ipynb|npy|npz|parquet|midi?|sfk|pkf|asd|reapeaks)$/i;

export function readEntryName(name: string, limits: ArchiveLimits): EntryName {
  const plain = name.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  const path = printablePath(plain, limits);
  if (plain === '' || plain === '.') return { path, kind: name === '' ? 'clip' : 'folder', ...invalidIf(name === '') };
  const reason = nameProblem(plain, limits);
  if (reason !== undefined) return { path, kind: 'clip', error: invalidName(reason) };
  if (plain.endsWith('/')) return { path, kind: 'folder' };
  if (JUNK.test(plain)) return { path, kind: 'junk' };
  if (hasArchiveName(plain)) return { path, kind: 'clip', error: nestedArchive() };
  return { path, kind: SIDECAR.test(plain) ? 'sidecar' : 'clip' };
}

/** Text from outside as it may be shown: deceiving characters as `\u{…}`, cut to the limit, never empty. */
export function printablePath(text: string, limits: Pick<ArchiveLimits, 'maxPathCharacters'>): string {
  const shown = text
    .slice(0, limits.maxPathCharacters)
    .replace(DECEIVING, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .slice(0, limits.maxPathCharacters);
  // The cut may have halved a surrogate pair, which no JSON or UTF-8 can hold.
  return Buffer.from(shown).toString() || '(no name)';
}

export const nestedArchive = () => new AppError('archive_entry_nested');

function nameProblem(path: string, limits: ArchiveLimits): string | undefined {
  const parts = path.split('/');
  if (path.length > limits.maxPathCharacters) return 'The name is too long.';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'The name is an absolute path.';
  if (parts.includes('..')) return 'The name leads out of its folder.';
  if (parts.length - 1 > limits.maxDepth) return 'The entry lies too deep.';
  if (path.search(DECEIVING) >= 0) return 'The name holds characters that are not printable.';
  return undefined;
}

const invalidName = (detail: string) => new AppError('archive_entry_name_invalid', { detail });
const invalidIf = (isInvalid: boolean) => (isInvalid ? { error: invalidName('The entry has no name.') } : {});
