/** `npm run docs`, from the root of the repository: writes the reference files and names those that changed. */
import { readFile, writeFile } from 'node:fs/promises';
import { referenceFiles } from './reference-files.js';

for (const { path, text } of referenceFiles()) {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before !== text) await writeFile(path, text);
  process.stdout.write(`${before === text ? 'unchanged' : 'written'}  ${path}\n`);
}
