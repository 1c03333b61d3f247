/** Puts a section of measured figures into docs/performance.md, with machine, date and commit, between its markers. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '@timbre/shared/testing/test-system';

export interface Section {
  heading: string;
  lines: string[];
}

const path = join(root, 'docs/performance.md');

export async function writePerformance(name: string, { heading, lines }: Section): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no markers for ${name}`);
  const body = [open, `## ${heading}`, '', ...lines, '', machineLine(name), ''].join('\n');
  await writeFile(path, text.slice(0, from) + body + text.slice(to));
}

function machineLine(name: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const gib = Math.round(totalmem() / 2 ** 30);
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return (
    `Measured ${new Date().toISOString().slice(0, 10)} at commit ${commit} with \`npm run bench -- ${name} --write\` on ` +
    `${availableParallelism()} cores (${cpu}, shared), ${gib} GiB, Node ${process.versions.node}, ${process.platform}.`
  );
}
