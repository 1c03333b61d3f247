/** `timbre evaluate`: a labelled folder through a running system, and how good its answers are. */
import { relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { evaluateFolder } from '../evaluate/evaluate-folder.js';
import { findLabelledClips } from '../evaluate/labelled-clips.js';
import { renderReport } from '../evaluate/report/text-report.js';
import { writeReport } from '../evaluate/report/write-report.js';
import { withSystem, type SystemFlags } from '../evaluate/with-system.js';
import type { Invocation } from '../invocation.js';
import { keyOf } from '../remote/session.js';

interface EvaluateFlags extends SystemFlags {
  model?: string;
  key?: string;
  apiKey?: string;
  split?: string;
  map?: Map<string, string>;
  json?: boolean;
  out?: string;
  parallel: number;
  worst: number;
}

/** What a server lets one tenant upload at once, by default (MAX_UPLOADS_PER_TENANT). */
const MOST_PARALLEL = 32;

const HELP = `
A label is the name of a clip's folder (violin/take1.wav), or stands in a csv with the columns file_name and label:
metadata.csv as Hugging Face audiofolder has it, or train.csv and test.csv. Labels that the model does not know are foreign
sounds, for which "unknown" or "mute" is right; so are folders named unknown and mute.

Without --url, TIMBRE_URL and a system at http://127.0.0.1:8080, a temporary one is started on its own data folder.

--out writes report.json, report.md, clips.jsonl (scores of every clip), confusion.svg and reliability.svg.
The status is 0 when the evaluation ran, whatever it found.`;

export function createEvaluateCommand(invocation: Invocation): Command {
  return new Command('evaluate')
    .description('run a labelled folder through the system and tell how often it is right')
    .argument('<folder>', 'clips in folders named by their label, or a csv of files and labels')
    .option('--url <url>', 'the running system (TIMBRE_URL)')
    .option('--key <key>', 'API key, where the system asks for one (TIMBRE_KEY)')
    .addOption(new Option('--api-key <key>', 'older name of --key').hideHelp())
    .option('--model <id>', "model to evaluate; default: the server's")
    .option('--split <name>', 'only clips of this split: train, validation, test, or what the csv calls it')
    .option(
      '--map <label=class>',
      'what a label of the folder means to the model; may be repeated',
      collectPair,
      new Map(),
    )
    .option('--parallel <count>', 'clips in flight', countUpTo(MOST_PARALLEL), 16)
    .option('--worst <count>', 'mistakes shown', countUpTo(1000), 10)
    .option('--json', 'print the report as JSON instead of text')
    .option('--out <folder>', 'write the report and its pictures there')
    .option('--data-dir <folder>', 'keep the data of the temporary system there')
    .addHelpText('after', HELP)
    .action(async (folder: string, flags: EvaluateFlags) => {
      process.exitCode = await runEvaluation(invocation, folder, flags);
    });
}

async function runEvaluation(invocation: Invocation, folder: string, flags: EvaluateFlags): Promise<number> {
  const { from, print, report: say } = invocation;
  const { model, split, map, parallel, url, dataDir } = flags;
  const found = await findLabelledClips(resolve(from, folder), { split });
  const apiKey = flags.apiKey ?? keyOf(invocation, flags);
  const request = { folder, found, model, split, renamed: map ?? new Map(), parallel, apiKey };
  const systemFlags: SystemFlags = {
    ...(url === undefined ? {} : { url }),
    ...(dataDir === undefined ? {} : { dataDir }),
  };
  return withSystem(invocation, systemFlags, async (system, signal) => {
    const evaluation = await evaluateFolder(invocation, request, { system, signal });
    const { report } = evaluation;
    print(flags.json ? JSON.stringify(report, undefined, 2) : renderReport(report, flags).join('\n'));
    if (flags.out === undefined) return 0;
    const target = resolve(from, flags.out);
    const names = await writeReport(target, report, evaluation);
    say(`wrote ${names.join(', ')} in ${relative(from, target) || '.'}`);
    return 0;
  });
}

function collectPair(text: string, pairs = new Map<string, string>()): Map<string, string> {
  const [, label, target] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  if (label === undefined || target === undefined)
    throw new InvalidArgumentError('it should look like Sound_Drum=drums');
  return new Map([...pairs, [label, target]]);
}

function countUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It should be a whole number, 1 to ${most}.`);
  };
}
