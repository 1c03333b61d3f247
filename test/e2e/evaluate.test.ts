/** `timbre evaluate` as a person runs it: labelled folders through a running system, and through one of its own. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { freePort } from '@timbre/shared/testing/redis-server';
import type { EvaluationReport } from '@timbre/cli/evaluate/report/evaluation-report';
import { finished, sample, submit } from '../client.js';

let system: TestSystem;
let folder: string;
let expected: Record<string, string>;
/** What the system answers when it is asked by other means: sample → label, `unknown` or `mute`. */
const decisions: Record<string, string> = {};

beforeAll(async () => {
  expected = JSON.parse(await readFile(sample('expected.json'), 'utf8')) as Record<string, string>;
  folder = await mkdtemp(join(tmpdir(), 'timbre-evaluate-test-'));
  for (const [name, label] of Object.entries(expected)) {
    await mkdir(join(folder, 'clips', label), { recursive: true });
    await copyFile(sample(name), join(folder, 'clips', label, name));
  }
  system = await startSystem();
  for (const name of Object.keys(expected)) {
    const { result } = await finished(system.url, (await submit(system.url, sample(name))).id);
    decisions[name] = (result?.decision === 'label' ? result.label : result?.decision) ?? '';
  }
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

interface Run {
  status: number;
  out: string;
  errors: string;
}

/** The command with nothing in its environment but what is given. */
function timbre(args: string[], environment: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment };
    const child = execFile(
      process.execPath,
      [join(root, 'cli/dist/main.js'), 'evaluate', ...args],
      { cwd: folder, env, maxBuffer: 1 << 26 },
      (_error, out, errors) => resolve({ status: child.exitCode ?? -1, out, errors }),
    );
  });
}
let all: string[];
let sounding: string[];
beforeAll(() => {
  all = Object.keys(expected);
  sounding = all.filter((name) => expected[name] !== 'mute');
});
const reportOf = ({ out }: Run) => JSON.parse(out) as EvaluationReport;

describe('timbre evaluate', () => {
  it('counts as right what the system answers rightly, on the bulk lane of the system that TIMBRE_URL names', async () => {
    const run = await timbre(['clips', '--json'], { TIMBRE_URL: system.url });
    expect(run.status, run.errors).toBe(0);
    const { figures, clips, system: used } = reportOf(run);
    expect(clips).toMatchObject({ total: all.length, judged: all.length, failed: 0 });
    const right = (name: string) => decisions[name] === expected[name];
    expect(figures.accuracy).toMatchObject({ count: sounding.filter(right).length, of: sounding.length });
    expect(figures.rejection).toMatchObject({ count: 1, of: 1 });
    for (const [row, truth] of figures.confusion.rows.entries())
      for (const [column, decision] of figures.confusion.columns.entries()) {
        const clipsThere = all.filter((name) => expected[name] === truth && decisions[name] === decision);
        expect(figures.confusion.counts[row]?.[column], `${truth} as ${decision}`).toBe(clipsThere.length);
      }
    expect(used).toMatchObject({ url: system.url, temporary: false });
    const preprocess = await system.metrics('preprocess');
    expect(preprocess.get('timbre_clips_processed_total{stage="preprocess",lane="bulk"}')).toBe(all.length);
  });

  it('tells a mislabelled clip as the worst mistake with its job, and a corrupt one by its code; the status stays 0', async () => {
    const clips = join(folder, 'troubled');
    const [named = '', other = ''] = sounding.filter((name) => !['unknown', 'mute'].includes(decisions[name] ?? ''));
    const [right = '', taken = ''] = [decisions[named], decisions[other]];
    const wrong = right === 'drums' ? 'violin' : 'drums';
    for (const name of [right, wrong, 'dog']) await mkdir(join(clips, name), { recursive: true });
    await copyFile(sample(named), join(clips, wrong, 'mislabelled'.concat(extname(named))));
    await copyFile(sample(named), join(clips, right, 'good'.concat(extname(named))));
    await copyFile(sample(other), join(clips, 'dog', 'no-dog'.concat(extname(other))));
    await writeFile(join(clips, right, 'corrupt.wav'), 'RIFF and nothing that could be audio');
    const run = await timbre(['troubled', '--url', system.url, '--out', 'out']);
    expect(run.status, run.errors).toBe(0);
    const report = JSON.parse(await readFile(join(folder, 'out', 'report.json'), 'utf8')) as EvaluationReport;
    expect(report.clips).toMatchObject({ total: 4, judged: 3, failed: 1, foreignLabels: ['dog'] });
    expect(report.figures.accuracy).toMatchObject({ count: 1, of: 2 });
    expect(report.failures).toMatchObject([{ clips: [{ name: `${right}/corrupt.wav` }] }]);
    const mistakes = report.mistakes.map(({ name, truth, decision }) => `${name} ${truth} ${decision}`).sort();
    expect(mistakes).toEqual(
      [
        `dog/no-dog${extname(other)} unknown ${taken}`,
        `${wrong}/mislabelled${extname(named)} ${wrong} ${right}`,
      ].sort(),
    );
    for (const { jobId, decision } of report.mistakes) {
      expect(run.out).toContain(`${system.url}/v1/jobs/${jobId}`);
      const job = (await (await fetch(`${system.url}/v1/jobs/${jobId}`)).json()) as { result: { label: string } };
      expect(job.result.label).toBe(decision);
    }
    expect(run.out).toContain(`failed with ${report.failures[0]!.code}: 1`);
    expect((await readdir(join(folder, 'out'))).sort()).toEqual([
      'clips.jsonl',
      'confusion.svg',
      'reliability.svg',
      'report.json',
      'report.md',
    ]);
    expect((await readFile(join(folder, 'out', 'clips.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(4);
  });

  it.each([
    [['clips', '--model', 'nobody'], /has no model nobody; it has: /],
    [['clips', '--map', 'drums=tuba'], /the classes are /],
    [['clips', '--split', 'test'], /no clips of split "test"/],
    [['absent'], /cannot read .*absent/],
  ])('ends with 1 and says why for %j', async (args, reason) => {
    const run = await timbre([...args, '--url', system.url]);
    expect(run.status).toBe(1);
    expect(run.errors).toMatch(reason);
    expect(run.out).toBe('');
  });

  it('does not fall back to another system when the one that is named does not answer', async () => {
    const run = await timbre(['clips', '--url', `http://127.0.0.1:${await freePort()}`]);
    expect(run.status).toBe(1);
    expect(run.errors).toMatch(/no Timbre answers at/);
  });

  it('starts a system of its own when none runs, and leaves nothing behind', async () => {
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    const run = await timbre(['clips', '--json'], { PORT: String(await freePort()), TMPDIR: scratch });
    expect(run.status, run.errors).toBe(0);
    expect(run.errors).toContain('starting a temporary one');
    const { system: used, clips, figures } = reportOf(run);
    expect(used).toMatchObject({ temporary: true });
    expect(clips).toMatchObject({ total: all.length, judged: all.length });
    expect(figures.accuracy.count).toBe(sounding.filter((name) => decisions[name] === expected[name]).length);
    // Libraries leave files of their own there.
    expect((await readdir(scratch)).filter((name) => name.startsWith('timbre'))).toEqual([]);
    expect(await readdir(folder)).not.toContain('data');
  });
});
