/** `timbre cancel`, `pause`, `resume`, `retry`, `rescore`, `run` and `delete`: what can be done with a batch. */
import { Command } from 'commander';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { describeEnd } from '../batches/describe-batch.js';
import { exitCodeOf, stateWords } from '../batches/batch-end.js';
import { followBatch } from '../batches/follow-batch.js';
import type { Invocation } from '../invocation.js';
import {
  addRemoteOptions,
  EXIT_HELP,
  exitCodes,
  helpAfter,
  REMOTE_HELP,
  runRemote,
  type RemoteFlags,
  type Session,
} from '../remote/session.js';
import { formatCount } from '../terminal/quantities.js';
import { parseNumber, parseSeconds } from './arguments.js';

interface WatchFlags extends RemoteFlags {
  watch?: boolean;
}
interface OverFlags extends WatchFlags {
  model?: string;
  name?: string;
  retention?: number;
  deadline?: number;
  weight?: number;
  webhook?: string;
}

type Act = (session: Session, id: string) => Promise<BatchView>;

/** Changes that are done when the service has answered. */
export function createBatchActionCommands(invocation: Invocation): Command[] {
  const simple = (name: string, description: string, act: Act) =>
    addRemoteOptions(new Command(name).description(description).argument('<id>', 'a batch'))
      .addHelpText('after', REMOTE_HELP)
      .action((id: string, flags: RemoteFlags) =>
        runRemote(invocation, flags, async (session) => {
          const batch = await act(session, id);
          if (session.json) session.printJson(batch);
          else session.print(describeNow(batch));
          return exitCodes.fine;
        }),
      );
  return [
    simple('cancel', 'end a batch; what is done stays', ({ client, signal }, id) =>
      client.batches.cancel(id, { signal }),
    ),
    simple('pause', 'hand out no more work of a batch', ({ client, signal }, id) =>
      client.batches.pause(id, { signal }),
    ),
    simple('resume', 'go on with a paused batch', ({ client, signal }, id) => client.batches.resume(id, { signal })),
  ];
}

export function createRetryCommand(invocation: Invocation): Command {
  const command = new Command('retry')
    .description('send the failed clips of a batch through again')
    .argument('<id>', 'a batch');
  return withWatch(command).action((id: string, flags: WatchFlags) =>
    runRemote(invocation, flags, async (session) =>
      settle(session, await session.client.batches.retryFailed(id, { signal: session.signal }), flags),
    ),
  );
}

export function createRescoreCommand(invocation: Invocation): Command {
  const command = new Command('rescore')
    .description('the clips of a batch with another model, as a new batch; kept tensors are not computed again')
    .argument('<id>', 'a batch that has ended')
    .requiredOption('--model <id>', 'the other model');
  return withOverOptions(command).action((id: string, flags: OverFlags) =>
    runRemote(invocation, flags, async (session) =>
      settle(session, await session.client.batches.rescore(id, overOptions(flags), { signal: session.signal }), flags),
    ),
  );
}

export function createRunCommand(invocation: Invocation): Command {
  const command = new Command('run')
    .description('classify the clips of a preflight, as a new batch')
    .argument('<id>', 'a preflight that has ended')
    .option('--model <id>', 'model to use; default: that of the preflight');
  return withOverOptions(command).action((id: string, flags: OverFlags) =>
    runRemote(invocation, flags, async (session) =>
      settle(session, await session.client.batches.start(id, overOptions(flags), { signal: session.signal }), flags),
    ),
  );
}

export function createDeleteCommand(invocation: Invocation): Command {
  return addRemoteOptions(
    new Command('delete')
      .description('delete a batch with its audio and results, now')
      .argument('<id>', 'a batch')
      .option('--audio-only', 'keep the results; only of a batch that has ended'),
  )
    .addHelpText('after', REMOTE_HELP)
    .action((id: string, flags: RemoteFlags & { audioOnly?: boolean }) =>
      runRemote(invocation, flags, async ({ client, signal, json, print, printJson }) => {
        if (flags.audioOnly) await client.batches.deleteAudio(id, { signal });
        else await client.batches.delete(id, { signal });
        const deleted = flags.audioOnly ? 'audio' : 'batch';
        if (json) printJson({ id, deleted });
        else print(flags.audioOnly ? `the audio of ${id} is deleted, its results stay` : `${id} is deleted`);
        return exitCodes.fine;
      }),
    );
}

function withWatch(command: Command): Command {
  return addRemoteOptions(
    command
      .option('--watch', 'follow the batch until it has ended; default on a terminal')
      .option('--no-watch', 'return at once'),
  ).addHelpText('after', helpAfter(EXIT_HELP, REMOTE_HELP));
}

function withOverOptions(command: Command): Command {
  return withWatch(
    command
      .option('--name <text>', 'what the new batch is called')
      .option('--retention <time>', 'keep results this long: 12h, 30d', parseSeconds)
      .option('--deadline <time>', 'give up what is not done by then: 90s, 15m, 12h', parseSeconds)
      .option('--weight <number>', 'share of the machine next to your other batches', parseNumber(0.01, 100))
      .option('--webhook <url>', 'told when the batch has ended'),
  );
}

const overOptions = ({ model, name, retention, deadline, weight, webhook }: OverFlags) => ({
  ...(model === undefined ? {} : { model }),
  ...(name === undefined ? {} : { name }),
  ...(retention === undefined ? {} : { retentionSeconds: retention }),
  ...(deadline === undefined ? {} : { deadlineSeconds: deadline }),
  ...(weight === undefined ? {} : { weight }),
  ...(webhook === undefined ? {} : { webhookUrl: webhook }),
});

async function settle(session: Session, accepted: BatchView, { watch }: WatchFlags): Promise<number> {
  const { json, print, printJson, report, style } = session;
  if (!(watch ?? process.stderr.isTTY)) {
    if (json) printJson(accepted);
    else print(accepted.id);
    return exitCodes.fine;
  }
  report(`batch ${accepted.id}`);
  const batch = await followBatch(session, accepted.id);
  if (json) printJson(batch);
  else print(describeEnd(batch, style));
  return exitCodeOf(batch);
}

const describeNow = ({ id, state, paused, clips }: BatchView): string =>
  `${id} ${stateWords[state]}${paused ? ', paused' : ''}: ${formatCount(clips.succeeded + clips.failed)} of ${formatCount(clips.total, 'clip')} done`;
