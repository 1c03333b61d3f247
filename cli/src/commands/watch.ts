/** `timbre watch` and `timbre status`: how far a batch is. */
import { Command } from 'commander';
import { describeBatch, describeEnd } from '../batches/describe-batch.js';
import { exitCodeOf, stateWords } from '../batches/batch-end.js';
import { followBatch } from '../batches/follow-batch.js';
import { renderTable } from '../demo/text-table.js';
import type { Invocation } from '../invocation.js';
import {
  addRemoteOptions,
  EXIT_HELP,
  exitCodes,
  helpAfter,
  runRemote,
  REMOTE_HELP,
  type RemoteFlags,
} from '../remote/session.js';
import { formatCount } from '../terminal/quantities.js';
import { parseCount } from './arguments.js';

const WATCH_HELP = `
Ctrl-C stops watching; the batch goes on, and \`timbre watch\` comes back to it. --json prints a line for each state.`;

export function createWatchCommand(invocation: Invocation): Command {
  return addRemoteOptions(
    new Command('watch').description('follow a batch until it has ended').argument('<id>', 'a batch'),
  )
    .addHelpText('after', helpAfter(WATCH_HELP, EXIT_HELP, REMOTE_HELP))
    .action((id: string, flags: RemoteFlags) =>
      runRemote(invocation, flags, async (session) => {
        const batch = await followBatch(session, id, { everyState: true });
        if (!session.json) session.print(describeEnd(batch, session.style));
        return exitCodeOf(batch);
      }),
    );
}

export function createStatusCommand(invocation: Invocation): Command {
  return addRemoteOptions(
    new Command('status')
      .description('show a batch, or the newest ones')
      .argument('[id]', 'a batch')
      .option('--limit <count>', 'how many of the newest', parseCount(1, 200), 20),
  )
    .addHelpText('after', helpAfter(EXIT_HELP, REMOTE_HELP))
    .action((id: string | undefined, flags: RemoteFlags & { limit: number }) =>
      id === undefined ? showList(invocation, flags) : showOne(invocation, id, flags),
    );
}

const showOne = (invocation: Invocation, id: string, flags: RemoteFlags) =>
  runRemote(invocation, flags, async ({ client, signal, json, print, printJson, style }) => {
    const batch = await client.batches.get(id, { signal });
    if (json) printJson(batch);
    else describeBatch(batch, style).forEach(print);
    return exitCodeOf(batch);
  });

const showList = (invocation: Invocation, flags: RemoteFlags & { limit: number }) =>
  runRemote(invocation, flags, async ({ client, signal, json, print, printJson, report }) => {
    const { batches } = await client.batches.list({ limit: flags.limit }, { signal });
    if (json) printJson(batches);
    else if (batches.length === 0) report('There are no batches; `timbre submit` makes one.');
    else
      renderTable(
        [
          { title: 'batch', cell: ({ id }) => id },
          {
            title: 'state',
            cell: ({ state, paused }) => (paused ? `${stateWords[state]}, paused` : stateWords[state]),
          },
          { title: 'clips', align: 'right', cell: ({ clips }) => formatCount(clips.total) },
          { title: 'good', align: 'right', cell: ({ clips }) => formatCount(clips.succeeded) },
          { title: 'failed', align: 'right', cell: ({ clips }) => formatCount(clips.failed) },
          { title: 'model', cell: ({ model, preflight }) => (preflight ? `${model} (preflight)` : model) },
          { title: 'created', cell: ({ createdAt }) => createdAt.slice(0, 16).replace('T', ' ') },
          { title: 'name', cell: ({ name }) => name, maxWidth: 40 },
        ],
        batches,
      ).forEach(print);
    return exitCodes.fine;
  });
