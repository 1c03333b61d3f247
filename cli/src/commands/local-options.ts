/** The options `start` and `demo` share. */
import type { Command } from 'commander';

export function addLocalOptions(command: Command): Command {
  return command
    .option('--port <number>', 'public HTTP port (PORT, default 8080)')
    .option('--data-dir <folder>', 'folder of Redis, audio and results (DATA_DIR, default ./data)')
    .option('--preprocess <count>', 'preprocess processes (PREPROCESS_PROCESSES, default 1)')
    .option('--workers <count>', 'worker processes (WORKER_PROCESSES, default 1)')
    .option('--verbose', 'show the log of every process here too');
}

export const LOCAL_HELP = `
Everything else is set by environment variables: see .env.example. Ctrl-C stops all processes in order; a second start on
the same folder keeps all earlier jobs. REDIS_URL uses a Redis that already runs instead of an own one.`;
