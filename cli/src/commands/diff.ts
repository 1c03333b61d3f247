/** `timbre diff`: what a batch says differently from another one. */
import { Command } from 'commander';
import type { DiffSide } from '@timbre/shared/contracts/batch-diff';
import type { BatchDiff } from '@timbre/client';
import { renderTable } from '../demo/text-table.js';
import type { Invocation } from '../invocation.js';
import { addRemoteOptions, exitCodes, REMOTE_HELP, runRemote, type RemoteFlags } from '../remote/session.js';
import { formatCount } from '../terminal/quantities.js';
import { parseCount, parseNumber } from './arguments.js';

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
        if (json) printJson(diff);
        else describeDiff(diff).forEach(print);
        return exitCodes.fine;
      }),
    );
}

function describeDiff({ clips, unchanged, changes, transitions, items }: BatchDiff): string[] {
  const kinds = Object.entries(changes).filter(([, count]) => count > 0);
  const moves = transitions.filter(({ from, to }) => from !== to);
  const table = renderTable(
    [
      { title: 'clip', cell: ({ path }) => path, maxWidth: 48 },
      { title: 'before', cell: ({ before }) => describeSide(before) },
      { title: 'after', cell: ({ after }) => describeSide(after) },
    ],
    items,
  );
  return [
    `${formatCount(clips, 'clip')}, ${formatCount(unchanged)} unchanged`,
    ...kinds.map(([kind, count]) => `  ${formatCount(count)} by ${kind}`),
    ...moves.map(({ from, to, clips: count }) => `  ${from} -> ${to}: ${formatCount(count)}`),
    ...(items.length === 0 ? [] : ['', ...table]),
  ];
}

function describeSide({ state, decision, label, confidence, errorCode }: DiffSide): string {
  if (state !== 'succeeded') return errorCode ?? state;
  if (decision === null) return 'probed';
  const name = decision === 'label' ? (label ?? '') : decision;
  return confidence === null || decision === 'mute' ? name : `${name} ${confidence.toFixed(2)}`;
}
