/** Lists of clips: csv files with a column of files and one of labels. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { CliError } from '../cli-error.js';
import type { ClipFile } from '../demo/clip-files.js';
import { parseCsv } from './csv.js';
import type { LabelledClip, LabelledFolder } from './labelled-clips.js';
import { splitNameOf } from './split-name.js';

// The names `timbre_training.scan` takes as well.
const FILE_COLUMNS = ['file_name', 'filename', 'file', 'path'];
const LABEL_COLUMNS = ['label', 'class', 'instrument'];
const SPLIT_COLUMN = 'split';

export interface ListContext {
  /** Names of clips are told relative to this. */
  folder: string;
  /** Audio there; a file that is not where the list says is looked up here by its bare name. */
  files: readonly ClipFile[];
}

/** The csv files that say what lies in a folder: its `metadata.csv`, else those of its split folders, else any other. */
export async function findClipLists(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const own = entries.filter((entry) => entry.isFile() && extname(entry.name).toLowerCase() === '.csv');
  const metadata = own.filter(({ name }) => name.toLowerCase() === 'metadata.csv');
  if (metadata.length > 0) return metadata.map(({ name }) => join(folder, name));
  const splits = entries.filter(({ name }) => splitNameOf(name) !== undefined);
  const within = splits.map(({ name }) => join(folder, name, 'metadata.csv'));
  const there = await Promise.all(
    within.map((path) =>
      stat(path).then(
        (facts) => facts.isFile(),
        () => false,
      ),
    ),
  );
  const inSplits = within.filter((_, index) => there[index]);
  if (inSplits.length > 0) return inSplits.sort();
  const readable = await Promise.all(
    own.map(async ({ name }) => ((await hasColumns(join(folder, name))) ? [name] : [])),
  );
  return readable
    .flat()
    .sort()
    .map((name) => join(folder, name));
}

/** @throws CliError when it lacks a column */
export async function readClipList(path: string, context?: ListContext): Promise<LabelledFolder> {
  const rows = parseCsv(await readFile(path, 'utf8')).map(withPlainNames);
  const fileColumn = FILE_COLUMNS.find((name) => rows[0] && name in rows[0]);
  const labelColumn = LABEL_COLUMNS.find((name) => rows[0] && name in rows[0]);
  if (!fileColumn || !labelColumn)
    throw new CliError(`${path} needs a column ${FILE_COLUMNS.join(', ')} and a column ${LABEL_COLUMNS.join(', ')}`);
  const { folder, files } = context ?? { folder: dirname(path), files: [] };
  const byName = uniqueByName(files);
  const known = new Set(files.map((file) => file.path));
  const clips: LabelledClip[] = [];
  let unlabelled = 0;
  for (const row of rows) {
    const [file = '', label = ''] = [row[fileColumn], row[labelColumn]?.trim()];
    const said = resolve(dirname(path), file);
    const target = known.has(said) ? said : (byName.get(basename(file)) ?? said);
    const split =
      row[SPLIT_COLUMN]?.trim() || splitNameOf(basename(path, '.csv')) || splitNameOf(basename(dirname(path)));
    if (file === '' || label === '') unlabelled += 1;
    else clips.push({ path: target, name: relative(folder, target).replaceAll('\\', '/'), label, split });
  }
  return { clips, source: relative(folder, path) || basename(path), unlabelled };
}

async function hasColumns(path: string): Promise<boolean> {
  const [first] = parseCsv(await readFile(path, 'utf8')).map(withPlainNames);
  return [FILE_COLUMNS, LABEL_COLUMNS].every((columns) => columns.some((name) => first !== undefined && name in first));
}

/** `FileName` and `file_name` are one column. */
function withPlainNames(row: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.trim().toLowerCase(), value]));
}

/** Bare names that occur once. */
function uniqueByName(files: readonly ClipFile[]): Map<string, string> {
  const paths = new Map<string, string>();
  const twice = new Set<string>();
  for (const { path } of files) {
    if (paths.has(basename(path))) twice.add(basename(path));
    paths.set(basename(path), path);
  }
  for (const name of twice) paths.delete(name);
  return paths;
}
