/** Starts one service as a child: own process group, own log file, and an end when this process ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ProcessPlan } from './local-plan.js';
import { openLogFile } from './log-file.js';

// The built file, also when this source runs untranslated in tests.
const PARENT_WATCH = new URL('../../dist/local/parent-watch.js', import.meta.url).href;

export interface ServiceLaunch {
  plan: ProcessPlan;
  environment: NodeJS.ProcessEnv;
  projectRoot: string;
  logPath: string;
  /** Set: gets every line besides the log file. */
  echo: ((line: string) => void) | undefined;
}

export function launchService({ plan, environment, projectRoot, logPath, echo }: ServiceLaunch): ChildProcess {
  const log = openLogFile(logPath);
  const output = echo ? 'pipe' : log;
  const child = spawn(process.execPath, ['--import', PARENT_WATCH, plan.script], {
    cwd: projectRoot,
    env: { ...environment, ...plan.environment },
    stdio: ['ignore', output, output, 'ipc'],
    detached: true,
  });
  if (!echo) closeSync(log);
  else copyLines(child, { log, echo });
  return child;
}

function copyLines(child: ChildProcess, { log, echo }: { log: number; echo: (line: string) => void }): void {
  const file = createWriteStream('', { fd: log });
  const streams = [child.stdout, child.stderr].filter((stream): stream is Readable => stream !== null);
  for (const stream of streams) {
    createInterface({ input: stream }).on('line', (line) => {
      file.write(`${line}\n`);
      echo(line);
    });
  }
  child.once('close', () => file.end());
}
