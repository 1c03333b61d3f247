/** One line of a manifest as a clip, or why it is none. Fields we do not know are passed over. */
import { manifestEntrySchema, type ManifestEntry } from '@timbre/shared/contracts/batch';
import { AppError } from '@timbre/shared/errors';
import { storedClipKey } from '@timbre/shared/storage/batch-keys';
import { printablePath } from '../entry-name.js';
import type { FoundClip, ReadOptions } from '../found-clip.js';

/** What callers name the fields, in lower case. */
const FIELDS = new Map<string, keyof ManifestEntry>([
  ['uri', 'uri'],
  ['url', 'uri'],
  ['sha256', 'sha256'],
  ['id', 'id'],
  ['path', 'path'],
  ['name', 'path'],
  ['expected', 'expected'],
  ['label', 'expected'],
  ['bytes', 'bytes'],
]);

export const manifestField = (name: string) => FIELDS.get(name.trim().toLowerCase());

export function invalidLine(line: number, reason: string): FoundClip {
  const details = { line, reason };
  const error = new AppError('manifest_line_invalid', { detail: `Line ${line}: ${reason}`, details });
  return { path: `line ${line}`, error };
}

/** @param fields names as the caller wrote them; of two names for one field the first counts */
export function manifestClip(fields: Iterable<[string, unknown]>, line: number, options: ReadOptions): FoundClip {
  const known: Partial<Record<keyof ManifestEntry, unknown>> = {};
  for (const [name, value] of fields) {
    const field = manifestField(name);
    if (!field || value === null || value === undefined || value === '') continue;
    known[field] ??= field === 'id' && typeof value === 'number' ? String(value) : value;
  }
  if (typeof known.sha256 === 'string') known.sha256 = known.sha256.toLowerCase();
  const parsed = manifestEntrySchema.safeParse(known);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path[0];
    return invalidLine(line, typeof place === 'string' ? `\`${place}\` is not valid.` : 'It is not valid.');
  }
  return clipOf(parsed.data, line, options);
}

function clipOf({ uri, sha256, ...entry }: ManifestEntry, line: number, { tenant, limits }: ReadOptions): FoundClip {
  if ((uri === undefined) === (sha256 === undefined))
    return invalidLine(line, 'Exactly one of `uri` and `sha256` is needed.');
  const named = entry.path === undefined ? undefined : printablePath(entry.path, limits);
  const facts = {
    ...(entry.id !== undefined && { id: entry.id }),
    ...(entry.expected !== undefined && { expected: entry.expected }),
    ...(entry.bytes !== undefined && { bytes: entry.bytes }),
  };
  if (sha256 !== undefined)
    return { path: named ?? sha256, ...facts, sha256, ref: { kind: 'object', key: storedClipKey(tenant, sha256) } };
  if (uri === undefined || !URL.canParse(uri)) return invalidLine(line, '`uri` is not an absolute address.');
  return { path: named ?? printablePath(pathOf(uri), limits), ...facts, ref: { kind: 'uri', uri } };
}

/** The path of an address without its query, which may hold a signature; the host where there is no path. */
function pathOf(uri: string): string {
  const { pathname, host } = new URL(uri);
  const path = pathname.replace(/^\/+/, '') || host;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
