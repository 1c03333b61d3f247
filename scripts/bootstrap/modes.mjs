/** The things a newcomer does: which steps each needs, and what it runs in the end. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildPage } from './build-page.mjs';
import { installPackages } from './install-packages.mjs';
import { runTests } from './run-tests.mjs';
import { ROOT, runInForeground, runTool, say, StepError } from './steps.mjs';
import { provideFfmpeg, provideRedis } from './system-programs.mjs';

/** What runs; the tests are compiled only to be tested. */
const PRODUCT = ['services/gateway', 'services/preprocess', 'services/worker', 'client', 'cli'];

const modes = {
  demo: (args) => runCli('demo', args),
  start: (args) => runCli('start', args),
  bench: runBench,
  page: runPage,
  test: runTests,
};

/** @returns the exit code */
export async function runMode(mode, args) {
  const work = Object.hasOwn(modes, mode ?? '') ? modes[mode] : undefined;
  if (!work) {
    say(`usage: node scripts/bootstrap.mjs ${Object.keys(modes).join('|')} [arguments]`);
    return 2;
  }
  try {
    return await work(args);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(error.message);
    return 1;
  }
}

function runCli(command, args) {
  installPackages();
  build();
  // Help needs no Redis; everything else does.
  if (!args.includes('--help') && !args.includes('-h')) {
    provideRedis();
    provideFfmpeg({ required: false });
  }
  const watch = join(ROOT, 'cli', 'dist', 'local', 'parent-watch.js');
  return runInForeground(['--import', `file://${watch}`, join(ROOT, 'cli', 'dist', 'main.js'), command, ...args]);
}

/** The page alone; what it imports has been compiled before. */
function runPage() {
  installPackages();
  if (!runTool('typescript/bin/tsc', ['-b', 'client'])) throw new StepError('The client package does not compile.');
  buildPage();
  return 0;
}

function runBench(args) {
  installPackages();
  build();
  if (!existsSync(join(ROOT, 'bench', 'tsconfig.json'))) throw new StepError('There are no benchmarks in bench/ yet.');
  if (!runTool('typescript/bin/tsc', ['-b', 'bench'])) throw new StepError('The benchmarks do not compile.');
  provideRedis();
  provideFfmpeg({ required: false });
  return runInForeground([join(ROOT, '.cache', 'bench-dist', 'main.js'), ...args]);
}

function build() {
  if (!existsSync(join(ROOT, 'cli', 'dist', 'main.js'))) say('Building (tsc -b); later only what changed is built.');
  if (!runTool('typescript/bin/tsc', ['-b', ...PRODUCT]))
    throw new StepError('The build failed; the compiler says why above.');
  buildPage();
}
