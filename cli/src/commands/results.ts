/** `timbre results`, `items` and `summary`: what a batch found. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { ItemView } from '@timbre/shared/contracts/batch';
import type { ResultFormat } from '@timbre/shared/contracts/batch-results';
import { isBatchEnded } from '@timbre/client';
import { exitCodeOf } from '../batches/batch-end.js';
import { describeSummary } from '../batches/describe-summary.js';
import { followBatch } from '../batches/follow-batch.js';
import { followResults } from '../batches/follow-results.js';
import { checkTarget, writeResults } from '../batches/write-results.js';
import type { Invocation } from '../invocation.js';
import {
  addRemoteOptions,
  exitCodes,
  helpAfter,
  REMOTE_HELP,
  runRemote,
  type RemoteFlags,
  type Session,
} from '../remote/session.js';
import { parseCount, parseNumber } from './arguments.js';

const FORMATS: ResultFormat[] = ['jsonl', 'csv', 'parquet', 'audacity', 'raven'];

interface ResultFlags extends RemoteFlags {
  format: ResultFormat;
  out?: string;
  threshold?: number;
  mergeGap?: number;
  top?: number;
  follow?: boolean;
}

const RESULT_HELP = `
--threshold, --merge-gap and --top are applied to the scores that were kept; nothing is classified again. While the batch
runs, what there is so far comes; --follow waits for the rest, and prints jsonl as it comes in. The
status is 0 when they could be had; with --follow it is that of \`timbre watch\`: 2 when not every clip has a result.`;

export function createResultsCommand(invocation: Invocation): Command {
  const command = new Command('results')
    .description('the results of a batch in a format of your choice')
    .argument('<id>', 'a batch')
    .addOption(new Option('--format <name>', 'how').choices(FORMATS).default('jsonl'))
    .option('--out <file>', 'write there; default: stdout')
    .option(
      '--threshold <confidence>',
      'below it a clip is unknown, in place of what the model says',
      parseNumber(0, 1),
    )
    .option('--merge-gap <seconds>', 'join segments of one label that are closer', parseNumber(0, 86_400))
    .option('--top <count>', 'only this many of the best scores of each clip', parseCount(0, 1000))
    .option('--follow', 'until the batch has ended');
  return addRemoteOptions(command)
    .addHelpText('after', helpAfter(RESULT_HELP, REMOTE_HELP))
    .action((id: string, flags: ResultFlags) =>
      runRemote(invocation, flags, (session) => showResults(session, id, flags)),
    );
}

async function showResults(session: Session, id: string, flags: ResultFlags): Promise<number> {
  const { client, signal, report, print, from } = session;
  const { format, threshold, mergeGap, top } = flags;
  const target = { path: flags.out === undefined ? undefined : resolve(from, flags.out), stdout: process.stdout };
  checkTarget(format, target);
  const options = { threshold, mergeGapSeconds: mergeGap, top };
  const exitCode = async () => (flags.follow ? exitCodeOf(await client.batches.get(id, { signal })) : exitCodes.fine);
  if (flags.follow && !isBatchEnded((await client.batches.get(id, { signal })).state)) {
    if (format === 'jsonl' && target.path === undefined) {
      await followResults(client.batches, id, { options, signal, print });
      return exitCode();
    }
    await followBatch(session, id);
  }
  const complete = await writeResults(client.batches, id, { options: { ...options, format }, target, signal });
  if (target.path !== undefined) report(`wrote ${flags.out ?? ''}`);
  if (!complete) report('the batch still runs: this is what there is so far (--follow waits for the rest)');
  return exitCode();
}

interface ItemFlags extends RemoteFlags {
  state?: ItemView['state'];
  label?: string;
  code?: string;
  limit?: number;
}

export function createItemsCommand(invocation: Invocation): Command {
  const command = new Command('items')
    .description('the clips of a batch, one line each')
    .argument('<id>', 'a batch')
    .addOption(
      new Option('--state <state>', 'only these').choices([
        'queued',
        'running',
        'succeeded',
        'failed',
        'canceled',
        'expired',
      ]),
    )
    .option('--label <name>', 'only clips decided so: a label, unknown or mute')
    .option('--code <code>', 'only clips that failed with this error code')
    .option('--limit <count>', 'at most so many; default: all', parseCount(1, 100_000_000));
  return addRemoteOptions(command)
    .addHelpText('after', `\n--json prints a line of JSON for each clip.${REMOTE_HELP}`)
    .action((id: string, flags: ItemFlags) => runRemote(invocation, flags, (session) => showItems(session, id, flags)));
}

async function showItems({ client, signal, json, print, printJson }: Session, id: string, flags: ItemFlags) {
  const { state, label, code, limit = Infinity } = flags;
  let left = limit;
  for await (const item of client.batches.allItems(id, { state, label, code }, { signal })) {
    if (left-- <= 0) break;
    if (json) printJson(item);
    else
      print(
        [String(item.index).padStart(7), item.state.padEnd(9), describeItem(item).padEnd(28), item.path].join('  '),
      );
  }
  return exitCodes.fine;
}

function describeItem({ result, error }: ItemView): string {
  if (error) return error.code;
  if (!result) return '';
  const { decision, label, confidence } = result;
  if (decision === 'mute') return 'mute';
  const name = decision === 'label' ? (label ?? '') : `unknown (${label ?? ''}?)`;
  return `${name} ${confidence.toFixed(2)}`;
}

export function createSummaryCommand(invocation: Invocation): Command {
  return addRemoteOptions(
    new Command('summary')
      .description('hours by instrument, confidence, failures, agreement with expected labels')
      .argument('<id>', 'a batch'),
  )
    .addHelpText('after', REMOTE_HELP)
    .action((id: string, flags: RemoteFlags) =>
      runRemote(invocation, flags, async ({ client, signal, json, print, printJson, style }) => {
        const summary = await client.batches.summary(id, { signal });
        if (json) printJson(summary);
        else describeSummary(summary, style).forEach(print);
        return exitCodes.fine;
      }),
    );
}
