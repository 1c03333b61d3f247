/** `timbre demo`: the whole system, fed with the bundled samples or the person's own files. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import { createTimbreClient } from '@timbre/client';
import { findClips } from '../demo/clip-files.js';
import { matchesExpected, readExpected, type Expected } from '../demo/expected.js';
import { createProgress } from '../demo/progress.js';
import { renderResults } from '../demo/results-table.js';
import { submitClips, type ClipOutcome } from '../demo/submit-clips.js';
import type { Invocation } from '../invocation.js';
import { keyOf } from '../remote/session.js';
import type { RunningSystem } from '../local/local-system.js';
import { runLocalSystem, untilAborted, type LocalFlags } from '../local/run-local-system.js';
import { addLocalOptions, LOCAL_HELP } from './local-options.js';

const PARALLEL = 8;
/** With `--once` nobody is there to read what is missing and press Ctrl-C. */
const READY_TIMEOUT_MS = 300_000;

interface DemoFlags extends LocalFlags {
  once?: boolean;
  json?: boolean;
  key?: string;
  apiKey?: string;
}

export function createDemoCommand(invocation: Invocation): Command {
  const command = new Command('demo')
    .description('run the whole system and classify the bundled samples, or the given files and folders')
    .argument('[paths...]', 'audio files, and folders to search for them')
    .option('--once', 'end when all clips have ended; status 1 when a bundled sample is not what it should be')
    .option('--json', 'print the finished jobs as JSON instead of the table')
    .option('--key <key>', 'API key, where the system asks for one (TIMBRE_KEY)')
    .addOption(new Option('--api-key <key>', 'older name of --key').hideHelp());
  return addLocalOptions(command)
    .addHelpText('after', LOCAL_HELP)
    .action(async (paths: string[], flags: DemoFlags) => {
      process.exitCode = await runDemo(invocation, paths, flags);
    });
}

async function runDemo(invocation: Invocation, paths: string[], flags: DemoFlags): Promise<number> {
  const samples = join(invocation.projectRoot, 'samples');
  const clips = await findClips(paths.length > 0 ? paths : [samples], invocation.from);
  if (clips.length === 0) throw new CliError(`no audio files in ${(paths.length > 0 ? paths : [samples]).join(', ')}`);
  const expected = paths.length > 0 ? undefined : await readExpected(samples);
  const { report, print } = invocation;
  const apiKey = flags.apiKey ?? keyOf(invocation, flags);

  const work = async (system: RunningSystem, signal: AbortSignal): Promise<number> => {
    const { jobs } = createTimbreClient({ baseUrl: system.url, apiKey });
    const progress = createProgress({ total: clips.length, isTerminal: process.stderr.isTTY, report });
    let outcomes: ClipOutcome[];
    try {
      outcomes = await submitClips(clips, { jobs, parallel: PARALLEL, signal, onDone: () => progress.advance() });
    } finally {
      progress.finish();
    }
    print(flags.json ? renderJson(outcomes) : renderResults(outcomes, expected).join('\n'));
    if (flags.once) return exitCode(outcomes, expected);
    report(`\nStill serving at ${system.url}: Ctrl-C stops it.`);
    await untilAborted(signal);
    return 0;
  };
  const readyTimeoutMs = flags.once ? READY_TIMEOUT_MS : undefined;
  return runLocalSystem(invocation, { flags, searchPort: true, readyTimeoutMs, work });
}

function exitCode(outcomes: ClipOutcome[], expected: Expected | undefined): number {
  return outcomes.some((outcome) => matchesExpected(outcome, expected) === false) ? 1 : 0;
}

/** The jobs as the service gave them; a refused clip has `error` in their place. */
function renderJson(outcomes: ClipOutcome[]): string {
  return JSON.stringify(
    outcomes.map(({ clip, job, refusal }) => ({ path: clip.path, ...(job ? { job } : { error: refusal }) })),
    undefined,
    2,
  );
}
