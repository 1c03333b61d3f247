import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readInvocation } from '../invocation.js';
import { createProgram } from '../program.js';
import { allCommands, commandTree } from './command-tree.js';
import { completionScripts } from './completion-scripts.js';

const tree = commandTree(createProgram(readInvocation()));

/** What bash itself offers for a line whose last word is being typed. */
function complete(...words: string[]): string[] {
  const script = `${completionScripts.bash(tree)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _timbre; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', 'timbre', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it('offers commands, and those that begin with what is there', () => {
    expect(complete('')).toEqual(expect.arrayContaining(['submit', 'watch', 'results', 'doctor', 'keys']));
    expect(complete('re')).toEqual(['results', 'resume', 'retry', 'rescore']);
  });

  it('offers the options of the command that was typed, past options and arguments', () => {
    expect(complete('submit', '--pre')).toEqual(['--preflight']);
    expect(complete('submit', 'folder', '--model', 'm', '--exp')).toEqual(['--expected-from-folders']);
    expect(complete('watch', '--pre')).toEqual([]);
  });

  it('offers the values of --format and --state, and the commands below keys', () => {
    expect(complete('results', 'b1', '--format', '')).toEqual(['jsonl', 'csv', 'parquet', 'audacity', 'raven']);
    expect(complete('items', '--state', 'f')).toEqual(['failed']);
    expect(complete('keys', '')).toEqual(['create', 'list', 'revoke', 'rotate']);
    expect(complete('keys', 'create', '--ten')).toEqual(['--tenant']);
  });

  it('offers nothing where files belong, so that bash does', () => {
    expect(complete('submit', 'arch')).toEqual([]);
  });
});

describe.each(['zsh', 'fish'] as const)('the script for %s', (shell) => {
  it('names every command and every option', () => {
    const script = completionScripts[shell](tree);
    for (const { path, options } of allCommands(tree).slice(1)) {
      expect(script).toContain(path.at(-1));
      for (const { flag } of options) expect(script).toContain(shell === 'fish' ? `-l ${flag.slice(2)}` : flag);
    }
  });
});

it('leaves out hidden options', () => {
  expect(completionScripts.bash(tree)).not.toContain('--api-key');
});
