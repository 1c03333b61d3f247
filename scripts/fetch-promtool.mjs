#!/usr/bin/env node
/**
 * Puts promtool, which tests the alert rules, into `.cache/bin`: the one of the system, or on Debian and Ubuntu the one in
 * the package `prometheus`, unpacked and not installed (an installed one would start a server). Exit code 0: it is there;
 * 3: it is not, for the reason printed.
 *
 * Usage: node scripts/fetch-promtool.mjs
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'bin');
const WANTED = join(BIN, 'promtool');

/** @returns why it is not there, or undefined when it is */
export function fetchPromtool(log = console.log) {
  if (existsSync(WANTED)) return undefined;
  mkdirSync(BIN, { recursive: true });
  const found = (process.env.PATH ?? '').split(delimiter).find((folder) => existsSync(join(folder, 'promtool')));
  if (found) {
    symlinkSync(join(found, 'promtool'), WANTED);
    return undefined;
  }
  if (spawnSync('dpkg-deb', ['--version']).status !== 0)
    return 'no promtool in PATH, and no apt to take it from (https://prometheus.io/download, brew install prometheus)';
  log('Unpacking promtool from the Debian package prometheus into .cache/bin; nothing is installed.');
  const work = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    return unpack(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function unpack(work) {
  const run = (command, args) => spawnSync(command, args, { cwd: work, stdio: 'ignore' }).status === 0;
  const got =
    run('apt-get', ['download', 'prometheus']) ||
    (run('apt-get', ['update']) && run('apt-get', ['download', 'prometheus']));
  const file = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (!got || !file || !run('dpkg-deb', ['-x', file, 'tree'])) return 'apt-get download prometheus failed';
  copyFileSync(join(work, 'tree/usr/bin/promtool'), WANTED);
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = fetchPromtool();
  if (missing === undefined) console.log(`promtool is at ${WANTED}`);
  else console.error(`promtool is missing: ${missing}`);
  process.exitCode = missing === undefined ? 0 : 3;
}
