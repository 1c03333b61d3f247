/** `timbre doctor`: looks at this machine and at the running system, and says what to do about what it finds. */
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { version } from '@timbre/shared/version';
import type { ServiceReadiness } from '@timbre/client';
import { runChecks, type Check, type Finding } from '../doctor/check.js';
import { machineChecks } from '../doctor/machine-checks.js';
import { reachCheck, systemChecks, type SystemChecks } from '../doctor/system-checks.js';
import type { Invocation } from '../invocation.js';
import {
  addRemoteOptions,
  exitCodes,
  helpAfter,
  REMOTE_HELP,
  runRemote,
  type RemoteFlags,
  type Session,
} from '../remote/session.js';
import type { Style } from '../terminal/style.js';

const HELP = `
Checks of this machine matter where the system itself runs here. The last check sends a clip of the samples through the
system. Status: 0 when nothing failed (warnings count as nothing), 1 when something did.`;

export function createDoctorCommand(invocation: Invocation): Command {
  return addRemoteOptions(new Command('doctor').description('look for what is wrong with this machine and the system'))
    .addHelpText('after', helpAfter(HELP, REMOTE_HELP))
    .action((flags: RemoteFlags) =>
      runRemote(invocation, flags, (session) => examine(session, invocation), { attempts: 2 }),
    );
}

async function examine(session: Session, { projectRoot, environment, from }: Invocation): Promise<number> {
  const { client, url, signal, json, print, printJson, style } = session;
  const show = (finding: Finding) => {
    if (!json) describeFinding(finding, style).forEach(print);
  };
  const options: SystemChecks = {
    client,
    url,
    version,
    sample: { path: join(projectRoot, 'samples', 'violin-01.wav'), label: 'violin' },
    signal,
  };
  const answers: ServiceReadiness[] = [];
  const local: Check[] = machineChecks({
    nodeVersion: process.versions.node,
    searchPath: environment['PATH'] ?? '',
    redisServer: environment['REDIS_SERVER'] || undefined,
    hasRedisUrl: Boolean(environment['REDIS_URL']),
    dataDir: resolve(from, environment['DATA_DIR'] ?? 'data'),
  });
  const findings = await runChecks([...local, reachCheck(options, (answer) => void answers.push(answer))], show);
  const [answer] = answers;
  if (answer) findings.push(...(await runChecks(systemChecks(options, answer), show)));
  signal.throwIfAborted();
  const failed = findings.filter(({ state }) => state === 'fail').length;
  const warned = findings.filter(({ state }) => state === 'warn').length;
  if (json) printJson({ ok: failed === 0, findings });
  else print(`\n${describeTotal(failed, warned)}`);
  return failed === 0 ? exitCodes.fine : exitCodes.error;
}

function describeFinding({ name, state, detail, remedy }: Finding, style: Style): string[] {
  const paint = { ok: style.good, warn: style.warn, fail: style.bad }[state];
  const line = `${paint(state.padEnd(4))}  ${name.padEnd(13)} ${detail}`;
  return remedy === undefined ? [line] : [line, `${' '.repeat(20)}-> ${remedy}`];
}

function describeTotal(failed: number, warned: number): string {
  if (failed === 0 && warned === 0) return 'Everything is fine.';
  return [failed > 0 ? `${failed} failed` : 'nothing failed', ...(warned > 0 ? [`${warned} to look at`] : [])].join(
    ', ',
  );
}
