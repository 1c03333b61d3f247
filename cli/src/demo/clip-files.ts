/** Finds the clips a person means by files and folders. Folders are searched for audio; a file named outright is taken as it is. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, resolve } from 'node:path';
import { CliError } from '../cli-error.js';

export interface ClipFile {
  /** Absolute. */
  path: string;
  /** Relative to the named folder, or as typed. */
  name: string;
  bytes: number;
}

const AUDIO_EXTENSIONS = new Set(
  ['wav', 'wave', 'mp3', 'flac', 'ogg', 'oga', 'opus', 'webm', 'm4a', 'mp4', 'aac', 'aif', 'aiff', 'aifc'].map(
    (extension) => `.${extension}`,
  ),
);

/** Each file once, in the order given, folders sorted by name; hidden entries are left out. @throws CliError for a path that is not there */
export async function findClips(paths: string[], from: string): Promise<ClipFile[]> {
  const found = new Map<string, ClipFile>();
  for (const typed of paths) {
    const path = resolve(from, typed);
    const facts = await stat(path).catch((error: unknown) => {
      throw new CliError(`cannot read ${typed}: ${error instanceof Error ? error.message : String(error)}`);
    });
    const clips = facts.isDirectory() ? await searchFolder(path) : [{ path, name: typed, bytes: facts.size }];
    for (const clip of clips) if (!found.has(clip.path)) found.set(clip.path, clip);
  }
  return [...found.values()];
}

/** Follows links, but enters each real folder once, so a link to a parent ends. */
async function searchFolder(root: string): Promise<ClipFile[]> {
  const entered = new Set<string>();
  const clips: ClipFile[] = [];
  const enter = async (folder: string): Promise<void> => {
    const real = await realpath(folder);
    if (entered.has(real)) return;
    entered.add(real);
    for (const name of (await readdir(folder)).sort()) {
      if (name.startsWith('.')) continue;
      const path = join(folder, name);
      const facts = await stat(path).catch(() => undefined);
      if (facts?.isDirectory()) await enter(path);
      else if (facts?.isFile() && AUDIO_EXTENSIONS.has(extname(name).toLowerCase()))
        clips.push({ path, name: relative(root, path), bytes: facts.size });
    }
  };
  await enter(root);
  return clips;
}
