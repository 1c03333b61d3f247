/**
 * Simulates all patterns under both scalers and writes docs/pictures/autoscaling.svg and the table in docs/autoscaling.md.
 *
 * Usage: npm run simulate
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '@timbre/shared/testing/test-system';
import type { Measured, Outcome } from './model.js';
import { patterns } from './patterns.js';
import { plot } from './plot.js';
import { byCount, byDrainTime } from './scalers.js';
import { simulate } from './simulation.js';

const measured = JSON.parse(await readFile(join(root, 'ops/autoscaling/measured.json'), 'utf8')) as Measured;
const outcomes = patterns.flatMap((pattern) =>
  [byDrainTime, byCount].map((scaler) => simulate(pattern, scaler, measured)),
);
await writeFile(join(root, 'docs/pictures/autoscaling.svg'), plot(outcomes));
await writeBetween('table', tableOf(outcomes));
await writeBetween('costs', costsOf(measured));

async function writeBetween(name: string, lines: string[]): Promise<void> {
  const path = join(root, 'docs/autoscaling.md');
  const text = await readFile(path, 'utf8');
  const [open, close] = [`<!-- simulate:${name} -->`, `<!-- /simulate:${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < 0) throw new Error(`docs/autoscaling.md has no markers for ${name}`);
  await writeFile(path, text.slice(0, from) + [open, ...lines, ''].join('\n') + text.slice(to));
}

function tableOf(all: Outcome[]): string[] {
  const seconds = (value: number) => (value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en'));
  const lane = ({ clips, p50, p95, max }: Outcome['latency']['bulk']) =>
    clips === 0 ? '–' : [p50, p95, max].map(seconds).join(' / ');
  return [
    '| pattern | scaler | interactive: median / 95 % / longest, s | bulk: median / 95 % / longest, s | all done after, s | most replicas | replica hours | waste |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...all.map(
      (each) =>
        `| ${each.pattern} | ${each.scaler} | ${lane(each.latency.interactive)} | ${lane(each.latency.bulk)} | ` +
        `${seconds(each.doneSeconds)} | ${each.peak} | ${each.replicaHours.toFixed(2)} | ${Math.round(each.waste * 100)} % |`,
    ),
  ];
}

function costsOf({ stages, machine, date, commit, model }: Measured): string[] {
  const line = (name: keyof Measured['stages']) =>
    `${(stages[name].perClip * 1000).toFixed(1)} ms a clip and ${(stages[name].perAudioSecond * 1000).toFixed(2)} ms a second of audio`;
  return [
    `One replica with one thread, \`${model}\`, 44.1 kHz mono: preprocess ${line('preprocess')}; infer ${line('infer')}.`,
    `Measured ${date} at commit ${commit} on ${machine}: the shortest of nine runs at 2, 10, 60 and 300 s.`,
  ];
}
