/** The tree of commands. One file for each in `commands/`, or for a few that are alike; a new one is added to the list below. */
import { Command } from 'commander';
import { version } from '@timbre/shared/version';
import { createDemoCommand } from './commands/demo.js';
import { createEvaluateCommand } from './commands/evaluate.js';
import { createFeaturesCommand } from './commands/features.js';
import { createKeysCommand } from './commands/keys.js';
import { createStartCommand } from './commands/start.js';
import { createSubmitCommand } from './commands/submit.js';
import { createStatusCommand, createWatchCommand } from './commands/watch.js';
import type { Invocation } from './invocation.js';

export function createProgram(invocation: Invocation): Command {
  const program = new Command('timbre')
    .description('tells which instrument plays in a recording')
    .version(version)
    .showHelpAfterError('(--help shows how it is used)');
  for (const create of [
    createSubmitCommand,
    createWatchCommand,
    createStatusCommand,
    createStartCommand,
    createDemoCommand,
    createEvaluateCommand,
    createFeaturesCommand,
    createKeysCommand,
  ])
    program.addCommand(create(invocation));
  return program;
}
