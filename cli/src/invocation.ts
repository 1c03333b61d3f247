/** What a command knows about how it was called; read once in `main.ts` and passed on. */
import { fileURLToPath } from 'node:url';
import type { Environment } from '@timbre/shared/config/load-config';

export interface Invocation {
  environment: Environment;
  /** Folder the person was in; paths they typed are relative to it. */
  from: string;
  /** Root of the checkout, where the built services are. */
  projectRoot: string;
  /** Results. */
  print: (text: string) => void;
  /** Progress and troubles, so that results can be piped. */
  report: (line: string) => void;
}

export function readInvocation(): Invocation {
  const { env } = process;
  // `npm run` in this project changes to its root and keeps the caller's folder in INIT_CWD.
  const viaNpm = env['npm_package_name'] === 'timbre' ? env['INIT_CWD'] : undefined;
  return {
    environment: env,
    from: viaNpm ?? process.cwd(),
    projectRoot: fileURLToPath(new URL('../../', import.meta.url)),
    print: (text) => void process.stdout.write(`${text}\n`),
    report: (line) => void process.stderr.write(`${line}\n`),
  };
}
