/** `timbre start`: the whole system on this machine, until Ctrl-C. */
import { Command } from 'commander';
import type { Invocation } from '../invocation.js';
import { runLocalSystem, untilAborted, type LocalFlags } from '../local/run-local-system.js';
import { addLocalOptions, LOCAL_HELP } from './local-options.js';

export function createStartCommand(invocation: Invocation): Command {
  const command = new Command('start').description('run the whole system on this machine until Ctrl-C');
  return addLocalOptions(command)
    .addHelpText('after', LOCAL_HELP)
    .action(async (flags: LocalFlags) => {
      process.exitCode = await runLocalSystem(invocation, { flags, searchPort: false, work: serve });
    });

  async function serve(_system: unknown, signal: AbortSignal): Promise<number> {
    invocation.report('Ctrl-C stops it.');
    await untilAborted(signal);
    return 0;
  }
}
