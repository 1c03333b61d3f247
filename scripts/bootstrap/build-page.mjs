/** Builds the page by Vite into web/dist, only when something it is made of has changed since. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runTool, say, StepError } from './steps.mjs';

const WEB = join(ROOT, 'web');
const BUILT = join(WEB, 'dist', 'index.html');
const STAMP = join(WEB, 'dist', '.timbre-sources');

/** Files and folders whose content decides the page. */
const SOURCES = ['web/src', 'web/index.html', 'web/vite.config.mjs', 'web/package.json', 'client/src'];

/** @throws StepError when it does not build */
export function buildPage() {
  const wanted = digest();
  if (existsSync(BUILT) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  say('Building the page (vite build) into web/dist; later only when it has changed.');
  if (!runTool('vite/bin/vite.js', ['build', '--logLevel', 'warn', '--config', join(WEB, 'vite.config.mjs')]))
    throw new StepError('The page does not build; vite says why above.');
  writeFileSync(STAMP, wanted);
}

function digest() {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesOf(source)))
    hash.update(path).update(readFileSync(join(ROOT, path)));
  return hash.digest('hex');
}

function filesOf(path) {
  const entries = path.includes('.') ? undefined : readdirSync(join(ROOT, path), { withFileTypes: true });
  if (!entries) return [path];
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inner = `${path}/${entry.name}`;
      return entry.isDirectory() ? filesOf(inner) : entry.name.includes('.test.') ? [] : [inner];
    });
}
