/**
 * Finds clips with their labels. A csv with files and labels wins (a Hugging Face audiofolder's `metadata.csv`, in the
 * folder or in its split folders; the `train.csv` and `test.csv` of Kaggle sets); without one, the folder a clip lies in
 * is its label, under a split folder or not.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CliError } from '../cli-error.js';
import { findClips, type ClipFile } from '../demo/clip-files.js';
import { findClipLists, readClipList } from './clip-list.js';
import { splitNameOf } from './split-name.js';

export interface LabelledClip {
  /** Absolute. */
  path: string;
  /** Relative to the folder, with `/`. */
  name: string;
  label: string;
  /** `train`, `validation`, `test` …; undefined when nothing says. */
  split: string | undefined;
}

export interface LabelledFolder {
  clips: LabelledClip[];
  /** How the labels were found, for people. */
  source: string;
  /** Audio files that have no label. */
  unlabelled: number;
}

export interface FindOptions {
  /** Only clips of this split. */
  split: string | undefined;
}

/** @throws CliError when there is nothing to evaluate, with what was looked for */
export async function findLabelledClips(path: string, { split }: FindOptions): Promise<LabelledFolder> {
  const facts = await stat(path).catch((error: unknown) => {
    throw new CliError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const found = facts.isDirectory() ? await searchFolder(path) : await readClipList(path);
  if (found.clips.length === 0) throw nothingFound(path, found.unlabelled);
  if (split === undefined) return found;
  const clips = found.clips.filter((clip) => clip.split === split);
  if (clips.length === 0) {
    const known = [...new Set(found.clips.map((clip) => clip.split ?? 'none'))].sort().join(', ');
    throw new CliError(`no clips of split "${split}" in ${path}; there are: ${known}`);
  }
  return { ...found, clips };
}

async function searchFolder(folder: string): Promise<LabelledFolder> {
  const lists = await findClipLists(folder);
  const files = await findClips([folder], resolve('/'));
  return lists.length > 0 ? joinLists(lists, { folder, files }) : labelByFolder(files);
}

async function joinLists(
  lists: string[],
  { folder, files }: { folder: string; files: ClipFile[] },
): Promise<LabelledFolder> {
  const read = await Promise.all(lists.map((list) => readClipList(list, { folder, files })));
  const clips = new Map(read.flatMap((list) => list.clips).map((clip) => [clip.path, clip]));
  return {
    clips: [...clips.values()],
    source: read.map(({ source }) => source).join(', '),
    unlabelled: files.filter((file) => !clips.has(file.path)).length,
  };
}

function labelByFolder(files: ClipFile[]): LabelledFolder {
  const clips = files.flatMap(({ path, name }): LabelledClip[] => {
    const folders = name.split(/[\\/]/).slice(0, -1);
    const split = splitNameOf(folders[0] ?? '');
    const label = split === undefined ? folders[0] : folders[1];
    return label === undefined ? [] : [{ path, name: name.replaceAll('\\', '/'), label, split }];
  });
  return { clips, source: 'names of folders', unlabelled: files.length - clips.length };
}

function nothingFound(path: string, unlabelled: number): CliError {
  const seen = unlabelled > 0 ? `${unlabelled} audio files, but none with a label` : 'no audio files';
  return new CliError(
    `${path}: ${seen}. A label is the name of a clip's folder (violin/take1.wav), or stands in a csv with the columns ` +
      'file_name and label.',
  );
}
