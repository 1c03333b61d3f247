/** The `timbre` command: wiring only. One file per command in `commands/`; a new one is added to the list below. */
import { Command } from 'commander';
import { ConfigError } from '@timbre/shared/config/load-config';
import { version } from '@timbre/shared/version';
import { CliError } from './cli-error.js';
import { createDemoCommand } from './commands/demo.js';
import { createEvaluateCommand } from './commands/evaluate.js';
import { createFeaturesCommand } from './commands/features.js';
import { createKeysCommand } from './commands/keys.js';
import { createStartCommand } from './commands/start.js';
import { readInvocation } from './invocation.js';

const invocation = readInvocation();
const program = new Command('timbre')
  .description('tells which instrument plays in a recording')
  .version(version)
  .showHelpAfterError('(--help shows how it is used)');
for (const create of [
  createStartCommand,
  createDemoCommand,
  createEvaluateCommand,
  createFeaturesCommand,
  createKeysCommand,
])
  program.addCommand(create(invocation));

// A closed pipe (`timbre … | head`) must not end a supervisor before its children.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  const expected = error instanceof CliError || error instanceof ConfigError;
  invocation.report(`timbre: ${expected ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
}
