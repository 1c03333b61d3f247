/** The `timbre` command: wiring only. The list of commands is in `program.ts`. */
import { ConfigError } from '@timbre/shared/config/load-config';
import { CliError } from './cli-error.js';
import { readInvocation } from './invocation.js';
import { createProgram } from './program.js';

const invocation = readInvocation();
const program = createProgram(invocation);

// A closed pipe (`timbre … | head`) must not end a supervisor before its children.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  const expected = error instanceof CliError || error instanceof ConfigError;
  invocation.report(`timbre: ${expected ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
}
