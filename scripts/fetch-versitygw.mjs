#!/usr/bin/env node
/**
 * Builds the S3 server of the tests, versitygw (Apache-2.0, https://github.com/versity/versitygw), once, from source, into
 * `.cache/bin`. Nothing is installed outside the project. Without Go nothing is built, and the S3 tests say that they
 * could not run. Exit code 0: the server is there; 3: it is not, for the reason printed.
 *
 * Usage: node scripts/fetch-versitygw.mjs
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const VERSION = 'v1.7.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`;
/** From go.mod of that version. */
const NEEDED_GO = [1, 25];
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BIN = join(ROOT, '.cache', 'bin');
/** The version is in the name because the program does not know its own when it comes from `go install`. */
export const versitygwPath = join(BIN, `versitygw-${VERSION}`);

/** @returns {{path: string} | {missing: string}} the binary, or why there is none; `log` is told what is done */
export function fetchVersitygw(log = console.log) {
  if (existsSync(versitygwPath)) return { path: versitygwPath };
  const go = goVersion();
  if (go === undefined)
    return { missing: 'Go is not installed (https://go.dev/dl, or: apt install golang, brew install go)' };
  if (isOlder(go, NEEDED_GO) && !fetchesToolchains(go))
    return { missing: `Go ${NEEDED_GO.join('.')} or newer is needed, this is ${go.join('.')}` };
  log(`Building ${MODULE} into .cache/bin for the S3 tests (once, a few minutes, downloads its Go modules)…`);
  mkdirSync(BIN, { recursive: true });
  const build = spawnSync('go', ['install', MODULE], {
    env: { ...process.env, GOBIN: BIN },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (build.status !== 0) return { missing: `go install failed: ${lastLine(build.stderr) || build.error?.message}` };
  renameSync(join(BIN, 'versitygw'), versitygwPath);
  log('Built versitygw.');
  return { path: versitygwPath };
}

function goVersion() {
  const shown = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const match = /^go(\d+)\.(\d+)/.exec(shown.stdout ?? '');
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

const isOlder = ([major, minor], [wantedMajor, wantedMinor]) =>
  major < wantedMajor || (major === wantedMajor && minor < wantedMinor);

/** Go 1.21 and newer fetch a newer toolchain by themselves unless told not to. */
function fetchesToolchains(go) {
  const setting = spawnSync('go', ['env', 'GOTOOLCHAIN'], { encoding: 'utf8' }).stdout.trim();
  return !isOlder(go, [1, 21]) && setting !== 'local';
}

const lastLine = (text) => text?.trim().split('\n').at(-1) ?? '';

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = fetchVersitygw();
  if ('path' in result) console.log(`versitygw ${VERSION} is at ${result.path}`);
  else console.error(`The S3 server of the tests is missing: ${result.missing}`);
  process.exitCode = 'path' in result ? 0 : 3;
}
