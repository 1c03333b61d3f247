/** Checks the written words against the tree: links to files lead somewhere, `npm run` commands exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'data', '.git', '.cache', '.venv', 'runs']);

/** @returns {boolean} whether all is well; each problem is said with its file and line */
export function checkDocs(root, say) {
  const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
  const problems = markdownFiles(root).flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        [...deadLinks(line, dirname(path), root), ...unknownScripts(line, scripts)].map(
          (problem) => `${relative(root, path)}:${index + 1}: ${problem}`,
        ),
      ),
  );
  problems.forEach((problem) => say(problem));
  return problems.length === 0;
}

function markdownFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : markdownFiles(join(folder, entry.name));
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}

function* deadLinks(line, folder, root) {
  for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
    const path = target.split('#')[0];
    if (path === '' || /^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
    const file = path.startsWith('/') ? join(root, path) : join(folder, path);
    if (!existsSync(file)) yield `link to ${target}, which is not there`;
  }
}

function* unknownScripts(line, scripts) {
  for (const [, command, name] of line.matchAll(/\bnpm (run|test|start)\b(?:\s+([\w:-]+))?/g)) {
    const script = command === 'run' ? name : command;
    if (script && !Object.hasOwn(scripts, script)) yield `no such script: npm run ${script}`;
  }
}
