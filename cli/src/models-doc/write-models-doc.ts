/** `npm run docs:models`: writes docs/models.md and docs/pictures/, and removes pictures that it shows no more. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFindings } from './read-models.js';
import { renderModelsDocument } from './render-models-doc.js';

/** Pictures of these names are ours to replace and remove. */
const OURS = /^(confusion|thresholds|reliability)-.*\.svg$/;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'docs', 'pictures');
const { markdown, pictures } = renderModelsDocument(await readFindings(root));
await mkdir(folder, { recursive: true });
await Promise.all([
  writeFile(join(root, 'docs', 'models.md'), markdown),
  ...[...pictures].map(([file, svg]) => writeFile(join(folder, file), svg)),
]);
const stale = (await readdir(folder)).filter((name) => OURS.test(name) && !pictures.has(name));
await Promise.all(stale.map((name) => rm(join(folder, name))));
process.stdout.write(`docs/models.md, ${pictures.size} pictures in docs/pictures, ${stale.length} removed\n`);
