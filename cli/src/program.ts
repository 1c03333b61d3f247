/** The tree of commands. One file for each in `commands/`, or for a few that are alike; a new one is added to the list below. */
import { Command } from 'commander';
import { version } from '@timbre/shared/version';
import {
  createBatchActionCommands,
  createDeleteCommand,
  createRescoreCommand,
  createRetryCommand,
  createRunCommand,
} from './commands/batch-actions.js';
import { createCompletionCommand } from './commands/completion.js';
import { createDemoCommand } from './commands/demo.js';
import { createDiffCommand } from './commands/diff.js';
import { createDoctorCommand } from './commands/doctor.js';
import { createEvaluateCommand } from './commands/evaluate.js';
import { createFeaturesCommand } from './commands/features.js';
import { createKeysCommand } from './commands/keys.js';
import { createModelsCommand } from './commands/models.js';
import { createItemsCommand, createResultsCommand, createSummaryCommand } from './commands/results.js';
import { createStartCommand } from './commands/start.js';
import { createSubmitCommand } from './commands/submit.js';
import { createStatusCommand, createWatchCommand } from './commands/watch.js';
import type { Invocation } from './invocation.js';

export function createProgram(invocation: Invocation): Command {
  const program = new Command('timbre')
    .description('tells which instrument plays in a recording')
    .version(version)
    .showHelpAfterError('(--help shows how it is used)');
  const commands = [
    createSubmitCommand(invocation),
    createWatchCommand(invocation),
    createStatusCommand(invocation),
    createResultsCommand(invocation),
    createItemsCommand(invocation),
    createSummaryCommand(invocation),
    ...createBatchActionCommands(invocation),
    createRetryCommand(invocation),
    createRunCommand(invocation),
    createRescoreCommand(invocation),
    createDiffCommand(invocation),
    createDeleteCommand(invocation),
    createModelsCommand(invocation),
    createEvaluateCommand(invocation),
    createDoctorCommand(invocation),
    createKeysCommand(invocation),
    createStartCommand(invocation),
    createDemoCommand(invocation),
    createFeaturesCommand(),
    createCompletionCommand(invocation),
  ];
  for (const command of commands) program.addCommand(command);
  return program;
}
