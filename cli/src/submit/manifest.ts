/** The manifest of a folder: a JSONL line for each clip, in the order of the folder. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ManifestEntry } from '@timbre/shared/contracts/batch';
import { CliError } from '../cli-error.js';
import { parseCsv } from '../evaluate/csv.js';
import type { SentClip } from './send-clips.js';

/** What the person knows about a clip. */
export type ClipNotes = Pick<ManifestEntry, 'id' | 'expected'>;

export interface ManifestOptions {
  /** The folder of a clip is the label it should get. */
  expectedFromFolders: boolean;
  /** By path relative to the folder. */
  notes: ReadonlyMap<string, ClipNotes>;
}

const LONGEST_PATH = 1024;

/** @returns a line with its line break for each clip */
export function manifestLines(clips: readonly SentClip[], options: ManifestOptions): string[] {
  return clips.map(({ file, sha256 }) => {
    const path = file.name.replaceAll('\\', '/');
    const folder = path.split('/').at(-2);
    const entry: ManifestEntry = {
      sha256,
      // The end of a path says more than its beginning.
      path: path.slice(-LONGEST_PATH),
      bytes: file.bytes,
      ...(options.expectedFromFolders && folder !== undefined ? { expected: folder.slice(0, 64) } : {}),
      ...options.notes.get(path),
    };
    return `${JSON.stringify(entry)}\n`;
  });
}

const PATH_COLUMNS = ['path', 'file', 'file_name', 'filename'];

/** A csv with a column `path` and one of `id` or `expected`. @throws CliError when it lacks them */
export async function readNotes(typed: string, from: string): Promise<Map<string, ClipNotes>> {
  const text = await readFile(resolve(from, typed), 'utf8').catch((error: unknown) => {
    throw new CliError(`cannot read ${typed}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const rows = parseCsv(text);
  const pathColumn = PATH_COLUMNS.find((name) => rows[0] && name in rows[0]);
  if (pathColumn === undefined || !rows[0] || !('id' in rows[0] || 'expected' in rows[0]))
    throw new CliError(`${typed} needs a column path and a column id (or expected)`);
  return new Map(
    rows.map((row) => {
      const { id = '', expected = '' } = row;
      const notes = { ...(id === '' ? {} : { id }), ...(expected === '' ? {} : { expected }) };
      return [(row[pathColumn] ?? '').replaceAll('\\', '/').replace(/^\.\//, ''), notes];
    }),
  );
}
