/** The frame of every command that talks to a running system: its address and key, Ctrl-C, and errors a person can act on. */
import type { Command } from 'commander';
import { createTimbreClient, TimbreApiError, type TimbreClient } from '@timbre/client';
import { CliError } from '../cli-error.js';
import type { Invocation } from '../invocation.js';
import { listenForStop } from '../local/stop-request.js';
import { createStyle, wantsColour, type Style } from '../terminal/style.js';

export interface RemoteFlags {
  url?: string;
  key?: string;
  json?: boolean;
}

export interface Session {
  client: TimbreClient;
  url: string;
  json: boolean;
  /** Of what goes to stdout. */
  style: Style;
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
  /** Folder of the person. */
  from: string;
  environment: Invocation['environment'];
  print: (text: string) => void;
  printJson: (value: unknown) => void;
  report: (line: string) => void;
}

export const exitCodes = { fine: 0, error: 1, failedClips: 2, interrupted: 130 };

export const EXIT_HELP = `
Status: 0 all fine; 1 wrong usage, refused, or no connection; 2 ended, but not every clip has a result (failed, canceled or
expired); 130 interrupted.`;

/** Paragraphs under the options of a command. */
export const helpAfter = (...paragraphs: string[]): string => paragraphs.join('\n');

export const REMOTE_HELP = `
The system is the one at --url or TIMBRE_URL, else http://127.0.0.1:8080. The key is --key or TIMBRE_KEY; a system on
your own machine asks for none unless told to.`;

export function addRemoteOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the running system (TIMBRE_URL)')
    .option('--key <key>', 'API key (TIMBRE_KEY)')
    .option('--json', 'print JSON');
}

/** @throws CliError for what is no address */
export function addressOf({ environment }: Pick<Invocation, 'environment'>, flags: RemoteFlags): string {
  const given = flags.url ?? environment['TIMBRE_URL'];
  const url = given === undefined || given === '' ? `http://127.0.0.1:${environment['PORT'] ?? '8080'}` : given;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin;
  throw new CliError(`${url} is no address: it should look like http://127.0.0.1:8080`);
}

/** TIMBRE_API_KEY is what the first commands called it. */
export function keyOf({ environment }: Pick<Invocation, 'environment'>, flags: RemoteFlags): string | undefined {
  const given = flags.key ?? environment['TIMBRE_KEY'] ?? environment['TIMBRE_API_KEY'];
  return given === '' ? undefined : given;
}

export interface RemoteWork {
  /** @returns the exit code */
  (session: Session): Promise<number>;
}

/** Tries of a call: a person waits for a short answer, an upload can wait for a restart. */
const ATTEMPTS = 4;

/**
 * Runs the work of a command and sets the exit code.
 *
 * @throws CliError for an answer that is no success and for a system that does not answer
 */
export async function runRemote(
  invocation: Invocation,
  flags: RemoteFlags,
  work: RemoteWork,
  { attempts = ATTEMPTS }: { attempts?: number } = {},
): Promise<void> {
  const url = addressOf(invocation, flags);
  const stop = listenForStop();
  // Who presses Ctrl-C a second time does not wait for anything.
  stop.onHurry(() => process.exit(exitCodes.interrupted));
  const { environment, print, report, from } = invocation;
  try {
    process.exitCode = await work({
      client: createTimbreClient({ baseUrl: url, apiKey: keyOf(invocation, flags), retry: { attempts } }),
      url,
      json: flags.json ?? false,
      style: createStyle(wantsColour(process.stdout.isTTY, environment)),
      signal: stop.signal,
      from,
      environment,
      print,
      printJson: (value) => print(JSON.stringify(value)),
      report,
    });
  } catch (error) {
    if (!stop.signal.aborted) throw explain(error, url);
    process.exitCode = exitCodes.interrupted;
  } finally {
    stop.dispose();
  }
}

/** What a person can do about an error; the error itself where that is unknown. */
export function explain(error: unknown, url: string): unknown {
  if (error instanceof TimbreApiError) return new CliError(describeRefusal(error), { cause: error });
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new CliError(`${url} gave no answer in time`, { cause: error });
  if (error instanceof TypeError && /fetch failed|terminated|silent/.test(error.message)) {
    const { cause } = error as { cause?: { code?: string } };
    const reason = cause?.code === undefined ? '' : ` (${cause.code})`;
    return new CliError(`no Timbre answers at ${url}${reason}. \`timbre start\` runs one; --url names another.`, {
      cause: error,
    });
  }
  return error;
}

function describeRefusal({ code, message, details, requestId }: TimbreApiError): string {
  const { issues, state } = details as { issues?: { pointer: string; message: string }[]; state?: string };
  const lines = [
    `${code}: ${message}`,
    ...(state === undefined ? [] : [`  it is ${state}`]),
    ...(issues ?? []).map(({ pointer, message: reason }) => `  ${pointer.replace(/^\//, '')}: ${reason}`),
    ...(code.startsWith('auth_') ? ['  give a key with --key or TIMBRE_KEY; `timbre keys create` makes one'] : []),
    ...(code === 'internal' && requestId ? [`  request ${requestId}`] : []),
  ];
  return lines.join('\n');
}
