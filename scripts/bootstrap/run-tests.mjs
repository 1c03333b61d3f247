/**
 * `npm test`: everything that must hold, in order, past failures, ending in one line `N passed, N failed`. Each static
 * check counts as one; tests count as vitest counts them. Arguments (a file, `-t name`) go to vitest, and then only the
 * tests they choose run.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPage } from './build-page.mjs';
import { checkDocs } from './check-docs.mjs';
import { installPackages } from './install-packages.mjs';
import { ROOT, run, runTool, say, StepError } from './steps.mjs';
import { provideChromium, provideFfmpeg, provideRedis } from './system-programs.mjs';
import { countTests } from './vitest-report.mjs';

const REPORT = join(ROOT, '.cache', 'test-report.json');

/** @returns the exit code */
export function runTests(args) {
  installPackages();
  provideRedis();
  provideFfmpeg({ required: true });
  const totals = { passed: 0, failed: 0 };
  const count = (name, passed) => {
    totals[passed ? 'passed' : 'failed'] += 1;
    say(`${name}: ${passed ? 'passed' : 'FAILED'}`);
  };
  const everything = args.length === 0;
  const checks = everything ? staticChecks : staticChecks.filter(({ always }) => always);
  for (const { name, check } of checks) {
    header(name);
    count(name, check());
  }
  const notes = everything ? [] : [`only the tests chosen by "${args.join(' ')}" ran; the other checks did not`];
  const s3 = provideS3Server();
  if (s3) notes.push(s3);
  const chromium = provideChromium();
  if (chromium) notes.push(chromium);
  const promtool = providePromtool();
  if (promtool) notes.push(promtool);
  header('tests (unit, integration, end to end)');
  const tests = runVitest(args);
  totals.passed += tests.passed;
  totals.failed += tests.failed;
  if (tests.skipped > 0) notes.push(`${tests.skipped} tests were SKIPPED, because something they need is not here`);
  finish(totals, notes);
  return totals.failed === 0 ? 0 : 1;
}

const staticChecks = [
  { name: 'format', check: () => runTool('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']) },
  // Before lint, which reads the types the build writes; also for chosen tests, which import built packages.
  { name: 'types', always: true, check: () => runTool('typescript/bin/tsc', ['-b']) },
  { name: 'page', always: true, check: pageBuilds },
  { name: 'lint', check: () => runTool('eslint/bin/eslint.js', ['--max-warnings', '0', '.']) },
  { name: 'docs', check: () => checkDocs(ROOT, say) },
];

function pageBuilds() {
  try {
    buildPage();
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(error.message);
    return false;
  }
}

function runVitest(args) {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(REPORT, { force: true });
  const green = runTool('vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
    ...args,
  ]);
  return countTests(REPORT, green);
}

/** @returns a note when the S3 tests will have no server */
function provideS3Server() {
  const script = join(ROOT, 'scripts', 'fetch-versitygw.mjs');
  if (!existsSync(script) || run(process.execPath, [script])) return undefined;
  return 'the S3 driver was NOT tested against a real S3 server: see "The S3 server of the tests is missing" above';
}

/** @returns a note when the alert rules will not be tested */
function providePromtool() {
  const script = join(ROOT, 'scripts', 'fetch-promtool.mjs');
  if (run(process.execPath, [script])) return undefined;
  return 'the alert rules were NOT tested by promtool: see "promtool is missing" above';
}

function header(name) {
  say(`\n── ${name} ${'─'.repeat(Math.max(0, 70 - name.length))}`);
}

function finish({ passed, failed }, notes) {
  say('');
  for (const note of notes) say(`NOTE: ${note}`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}
