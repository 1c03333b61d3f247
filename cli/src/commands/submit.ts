/** `timbre submit`: an archive, a manifest, a folder or the name of a place, as one batch. */
import { Command } from 'commander';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { isBatchEnded, type BatchOptions } from '@timbre/client';
import { describeEnd } from '../batches/describe-batch.js';
import { exitCodeOf } from '../batches/batch-end.js';
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
import { makeBatch, type MakeOptions } from '../submit/make-batch.js';
import { prepare, type Prepared } from '../submit/prepare.js';
import { findSource } from '../submit/source-kind.js';
import { formatCount } from '../terminal/quantities.js';
import { parseCount, parseNumber, parseSeconds } from './arguments.js';

export interface SubmitFlags extends RemoteFlags {
  model?: string;
  name?: string;
  preflight?: boolean;
  reuse: boolean;
  watch?: boolean;
  webhook?: string;
  retention?: number;
  audioRetention?: number;
  deadline?: number;
  weight?: number;
  idempotencyKey?: string;
  again?: boolean;
  expectedFromFolders?: boolean;
  ids?: string;
  parallel: number;
}

/** A restart of the service in the middle of a long upload is waited for. */
const ATTEMPTS = 12;

const HELP = `
What can be sent:
  archive.zip .tar .tar.gz .tgz   as it is; above 64 MiB as a resumable upload
  manifest.jsonl .csv             a line for each clip: {"uri": …} or {"sha256": …}, with "id", "path", "expected"
  s3://bucket/prefix              every object under it; file:///folder/ the same; the server reads them (IMPORT_URLS)
  https://…                       one or more addresses of clips, fetched by the server
  a folder, or audio files        hashed here; only contents that the server lacks are sent

Broken off (Ctrl-C, a lost line, a restart), the same command goes on: a folder sends what is missing, a large archive goes
on at the byte where it was. The batch itself is made once: its idempotency key follows from the bytes and the options, so
for 24 hours the same command finds the same batch. A batch that failed, was canceled or expired is made anew; --again makes
a new one in any case.`;

export function createSubmitCommand(invocation: Invocation): Command {
  const command = new Command('submit')
    .description('send clips as one batch')
    .argument('<what...>', 'an archive, a manifest, a folder, audio files, or addresses')
    .option('--model <id>', "model to use; default: the server's")
    .option('--name <text>', 'what the batch is called; default: the name of the file or folder')
    .option('--preflight', 'only look at the clips: which decode, how long they are; `timbre run` runs them then')
    .option('--no-reuse', 'classify again what has a result from an earlier batch')
    .option('--watch', 'follow the batch until it has ended; default on a terminal')
    .option('--no-watch', 'return as soon as the batch is accepted')
    .option('--webhook <url>', 'told when the batch has ended')
    .option('--retention <time>', 'keep results this long: 12h, 30d', parseSeconds)
    .option('--audio-retention <time>', 'keep the audio this long; at most as long as results', parseSeconds)
    .option('--deadline <time>', 'give up what is not done by then: 90s, 15m, 12h', parseSeconds)
    .option('--weight <number>', 'share of the machine next to your other batches; default 1', parseNumber(0.01, 100))
    .option('--expected-from-folders', "a clip's folder is the label it should get: the summary tells how many do")
    .option('--ids <csv>', 'ids of your own: a csv with the columns path and id (and expected)')
    .option('--parallel <count>', 'files of a folder sent at the same time', parseCount(1, 32), 8)
    .option('--idempotency-key <text>', 'key of your own, in place of the one that follows from what is sent')
    .option('--again', 'make a new batch even if the same was sent before');
  return addRemoteOptions(command)
    .addHelpText('after', helpAfter(HELP, EXIT_HELP, REMOTE_HELP))
    .action((what: string[], flags: SubmitFlags) =>
      runRemote(invocation, flags, (session) => submit(session, what, flags), { attempts: ATTEMPTS }),
    );
}

async function submit(session: Session, what: string[], flags: SubmitFlags): Promise<number> {
  const { client, signal } = session;
  // Whether somebody answers there at all is told at once, and not after hashing a folder and a dozen tries.
  await client.system.ready({ signal });
  const source = await findSource(what, session.from);
  const prepared = await prepare(session, source, { options: optionsOf(flags), flags });
  const { content, options } = prepared;
  const made = await makeBatch(client.batches, { content, options, key: keyFor(flags, prepared), signal });
  if (made.replayed) session.report(describeReplay(made.batch));
  const watch = flags.watch ?? process.stderr.isTTY;
  if (!session.json || watch) session.report(`batch ${made.batch.id}`);
  const batch = watch && !isBatchEnded(made.batch.state) ? await followBatch(session, made.batch.id) : made.batch;
  printOutcome(session, { batch, replayed: made.replayed, prepared, watched: watch });
  return prepared.leftOut.length > 0 ? exitCodes.failedClips : exitCodeOf(batch);
}

function printOutcome(
  { json, print, printJson, report, style }: Session,
  { batch, replayed, prepared, watched }: { batch: BatchView; replayed: boolean; prepared: Prepared; watched: boolean },
): void {
  const { sent, skipped, leftOut } = prepared;
  if (json) printJson({ batch, replayed, sent, skipped, leftOut });
  // The id alone, so that `ID=$(timbre submit … --no-watch)` works.
  else if (!watched) print(batch.id);
  else {
    print(describeEnd(batch, style));
    report(nextSteps(batch));
  }
}

function nextSteps({ id, preflight, clips }: BatchView): string {
  const steps = preflight ? [`timbre run ${id}`] : [`timbre results ${id}`, `timbre summary ${id}`];
  if (clips.failed > 0) steps.push(`timbre items ${id} --state failed`);
  return `next: ${steps.join('; ')}`;
}

function describeReplay({ createdAt, clips }: BatchView): string {
  const when = createdAt.slice(0, 16).replace('T', ' ');
  return `the same was sent before: this is its batch of ${formatCount(clips.total, 'clip')}, made ${when} UTC (--again makes a new one)`;
}

function optionsOf(flags: SubmitFlags): BatchOptions {
  return {
    model: flags.model,
    name: flags.name,
    preflight: flags.preflight,
    reuse: flags.reuse ? undefined : false,
    retentionSeconds: flags.retention,
    audioRetentionSeconds: flags.audioRetention,
    deadlineSeconds: flags.deadline,
    weight: flags.weight,
    webhookUrl: flags.webhook,
  };
}

function keyFor({ idempotencyKey, again }: SubmitFlags, { derivedKey }: Prepared): MakeOptions['key'] {
  if (idempotencyKey !== undefined) return { given: idempotencyKey };
  return again || derivedKey === undefined ? undefined : { derived: derivedKey };
}
