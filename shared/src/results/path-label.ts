/** The label a clip has by where it lies. Pure. */
import { MUTE, UNKNOWN } from './expected-label.js';

/**
 * The first folder that is named as a class of the model, so that a data set may be packed with the folder around it; where
 * none is, the first folder; `undefined` for a clip in no folder.
 */
export function labelOfPath(path: string, labels: readonly string[]): string | undefined {
  const folders = path
    .split('/')
    .slice(0, -1)
    .filter((name) => name !== '' && name !== '.');
  const known = new Set([...labels, UNKNOWN, MUTE].map((name) => name.toLowerCase()));
  // An expected label has 64 characters at most.
  return (folders.find((name) => known.has(name.trim().toLowerCase())) ?? folders[0])?.trim().slice(0, 64) || undefined;
}
