/** Puts a section of measured figures into docs/performance.md, with machine, date and commit, between its markers. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '@timbre/shared/testing/test-system';

export interface Section {
  heading: string;
  lines: string[];
  /** Default: the benchmark of that name. */
  command?: string;
}

const path = join(root, 'docs/performance.md');

export async function writePerformance(name: string, section: Section): Promise<void> {
  const { heading, lines, command = `npm run bench -- ${name} --write` } = section;
  const text = await readFile(path, 'utf8');
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no markers for ${name}`);
  const body = [open, `## ${heading}`, '', ...lines, '', machineLine(command), ''].join('\n');
  await writeFile(path, text.slice(0, from) + body + text.slice(to));
}

function machineLine(command: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const gib = Math.round(totalmem() / 2 ** 30);
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return (
    `Measured ${new Date().toISOString().slice(0, 10)} at commit ${commit} with \`${command}\` on ` +
    `${availableParallelism()} cores (${cpu}, shared), ${gib} GiB, Node ${process.versions.node}, ${process.platform}.`
  );
}
