/** Installs the npm packages of the lock file, only when the installed ones differ from it. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, say, StepError } from './steps.mjs';

const LOCK = join(ROOT, 'package-lock.json');
/** npm's own record of what it put into node_modules. */
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');
const STAMP = join(ROOT, 'node_modules', '.timbre-lock');

export function installPackages() {
  const wanted = createHash('sha256').update(readFileSync(LOCK)).digest('hex');
  if (readText(STAMP) === wanted) return;
  if (!matchesLock()) {
    say('Installing the npm packages of package-lock.json into node_modules (npm ci; none run install scripts).');
    say('  Avoid: run `npm ci` yourself first. Nothing outside this folder is changed.');
    // onnxruntime-node carries its CPU library; its install script would download the much larger CUDA one.
    const installed = run('npm', ['ci', '--no-audit', '--no-fund'], { env: { ONNXRUNTIME_NODE_INSTALL: 'skip' } });
    if (!installed) throw new StepError('npm ci failed: is the package registry reachable? Its messages are above.');
  }
  writeFileSync(STAMP, wanted);
}

/** True when somebody has installed these very packages by hand, as after `npm install <package>`. */
function matchesLock() {
  if (!existsSync(INSTALLED)) return false;
  const installed = packagesOf(INSTALLED);
  return Object.entries(packagesOf(LOCK)).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const present = installed[path];
    // Packages for other platforms are optional and absent.
    if (present === undefined) return wanted.optional === true || wanted.devOptional === true;
    return present.version === wanted.version && present.link === wanted.link;
  });
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
