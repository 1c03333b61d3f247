/** Which files of a folder are clips, by their names and what the browser takes them for. */
import type { NamedFile } from '../parts/dropped-files.js';

const CLIP = /\.(wav|wave|mp3|flac|ogg|oga|opus|m4a|aac|mp4|webm|weba|aif|aiff|aifc|caf|mka|mkv|mov)$/i;
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz|jsonl|ndjson|csv)$/i;

export const isClip = ({ file, path }: NamedFile): boolean => CLIP.test(path) || /^(audio|video)\//.test(file.type);

/** One archive or manifest, and nothing else. */
export function archiveOf(files: readonly NamedFile[]): NamedFile | undefined {
  const [only] = files;
  return files.length === 1 && only && ARCHIVE.test(only.path) ? only : undefined;
}
