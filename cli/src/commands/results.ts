/** `timbre results`, `items`, `summary` and `diff`: what a batch found. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { ItemView } from '@timbre/shared/contracts/batch';
import type { DiffSide } from '@timbre/shared/contracts/batch-diff';
import type { ResultFormat } from '@timbre/shared/contracts/batch-results';
import { isBatchEnded } from '@timbre/client';
import { exitCodeOf } from '../batches/batch-end.js';
import { describeSummary } from '../batches/describe-summary.js';
import { followBatch } from '../batches/follow-batch.js';
import { followResults } from '../batches/follow-results.js';
import { checkTarget, writeResults } from '../batches/write-results.js';
import { renderTable } from '../demo/text-table.js';
import type { Invocation } from '../invocation.js';
import {
  addRemoteOptions,
  EXIT_HELP,
  exitCodes,
  REMOTE_HELP,
  runRemote,
  type RemoteFlags,
  type Session,
} from '../remote/session.js';
import { formatCount } from '../terminal/quantities.js';
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
runs, what there is so far comes; --follow waits for the rest, and prints jsonl as it comes in.`;

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
    .addHelpText('after', `${RESULT_HELP}${EXIT_HELP}${REMOTE_HELP}`)
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
  const ended = isBatchEnded((await client.batches.get(id, { signal })).state);
  if (flags.follow && !ended) {
    if (format === 'jsonl' && target.path === undefined) {
      await followResults(client.batches, id, { options, signal, print });
      return exitCodeOf(await client.batches.get(id, { signal }));
    }
    await followBatch(session, id);
  }
  const complete = await writeResults(client.batches, id, { options: { ...options, format }, target, signal });
  if (target.path !== undefined) report(`wrote ${flags.out ?? ''}`);
  if (!complete) report('the batch still runs: this is what there is so far (--follow waits for the rest)');
  return exitCodeOf(await client.batches.get(id, { signal }));
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

interface DiffFlags extends RemoteFlags {
  minChange: number;
  limit: number;
}

export function createDiffCommand(invocation: Invocation): Command {
  const command = new Command('diff')
    .description('what a batch says differently from another one over the same clips')
    .argument('<before>', 'a batch')
    .argument('<after>', 'one made of its clips by rescore')
    .option('--min-change <confidence>', 'leave out smaller changes of confidence alone', parseNumber(0, 1), 0.05)
    .option('--limit <count>', 'clips listed at most', parseCount(1, 10_000), 20);
  return addRemoteOptions(command)
    .addHelpText('after', REMOTE_HELP)
    .action((before: string, after: string, flags: DiffFlags) =>
      runRemote(invocation, flags, async (session) => {
        const { client, signal, json, print, printJson } = session;
        const { limit, minChange } = flags;
        const diff = await client.batches.diff(after, before, { limit, minConfidenceChange: minChange, signal });
        if (json) {
          printJson(diff);
          return exitCodes.fine;
        }
        print(`${formatCount(diff.clips, 'clip')}, ${formatCount(diff.unchanged)} unchanged`);
        for (const [kind, count] of Object.entries(diff.changes))
          if (count > 0) print(`  ${formatCount(count)} by ${kind}`);
        const moves = diff.transitions.filter(({ from, to }) => from !== to);
        for (const { from, to, clips } of moves) print(`  ${from} -> ${to}: ${formatCount(clips)}`);
        if (diff.items.length > 0) print('');
        const rows = renderTable(
          [
            { title: 'clip', cell: ({ path }) => path, maxWidth: 48 },
            { title: 'before', cell: (item) => describeSide(item.before) },
            { title: 'after', cell: (item) => describeSide(item.after) },
          ],
          diff.items,
        );
        if (diff.items.length > 0) rows.forEach(print);
        return exitCodes.fine;
      }),
    );
}

function describeSide({ state, decision, label, confidence, errorCode }: DiffSide): string {
  if (state !== 'succeeded') return errorCode ?? state;
  if (decision === null) return 'probed';
  const name = decision === 'label' ? (label ?? '') : decision;
  return confidence === null || decision === 'mute' ? name : `${name} ${confidence.toFixed(2)}`;
}
