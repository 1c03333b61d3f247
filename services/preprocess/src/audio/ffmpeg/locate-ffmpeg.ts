/** Where ffmpeg is. The environment is read only in `main.ts`, so `PATH` comes as an argument. */
import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Where packages put it when no `PATH` is given. */
const USUAL_PLACES = '/usr/local/bin:/usr/bin:/opt/homebrew/bin:/opt/local/bin';

/** Absolute path of the first executable `ffmpeg` in `searchPath` (folders separated by `:`), or `null`. */
export function locateFfmpeg(searchPath = USUAL_PLACES): string | null {
  const candidates = searchPath.split(':').filter(isAbsolute);
  return candidates.map((folder) => join(folder, 'ffmpeg')).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
