/** What every step shares: saying what happens, running programs, and failing with a way out. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A failure the person can act on, shown without a stack. */
export class StepError extends Error {}

/** Progress goes to stderr: stdout belongs to the results. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a program to its end in the project root.
 * @param {'all' | 'failure' | 'none'} show what of its output goes to stderr, where progress belongs: all of it, or the last
 *   lines of a program that failed, or nothing
 * @returns whether it ended with 0
 */
export function run(program, args, { env = {}, show = 'all' } = {}) {
  const output = show === 'all' ? 2 : 'pipe';
  const done = spawnSync(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (show === 'failure' && done.status !== 0) {
    const lines = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`.trim().split('\n');
    say(
      lines
        .slice(-5)
        .map((line) => `  ${line}`)
        .join('\n'),
    );
  }
  return done.status === 0;
}

/** Runs a package's command with this Node, without the start-up time of npx. */
export function runTool(script, args, options) {
  return run(process.execPath, [join(ROOT, 'node_modules', script), ...args], options);
}

/**
 * Runs a long-lived child that owns the terminal, passing on signals. The channel tells the child when this process is
 * gone, however it ended.
 * @returns its exit code; 128 + n as shells do when signal n ended it
 */
export function runInForeground(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137));
    });
  });
}

/** Full path of a program on the PATH, or undefined. */
export function findProgram(name) {
  const candidates = name.includes('/')
    ? [name]
    : (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
