/** Tells from what a person typed in which way a batch is sent. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { BatchFormat } from '@timbre/shared/contracts/batch';
import { CliError } from '../cli-error.js';

export type SubmitSource =
  /** An archive or a manifest. */
  | { kind: 'file'; path: string; name: string; bytes: number; modifiedMs: number; format: BatchFormat }
  /** Folders and audio files. */
  | { kind: 'clips'; paths: string[]; name: string }
  | { kind: 'prefix'; prefix: string }
  | { kind: 'uris'; uris: string[] };

const formats: [ending: RegExp, format: BatchFormat][] = [
  [/\.zip$/i, 'zip'],
  [/\.tar$/i, 'tar'],
  [/\.(tar\.gz|tgz)$/i, 'tar.gz'],
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
  [/\.csv$/i, 'csv'],
];
const MOST_URIS = 10_000;

/** @throws CliError for a path that is not there and for a mixture */
export async function findSource(typed: string[], from: string): Promise<SubmitSource> {
  const addresses = typed.filter((text) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text));
  if (addresses.length > 0) return sourceOfAddresses(typed, addresses);
  const [first = ''] = typed;
  const format = formats.find(([ending]) => ending.test(first))?.[1];
  const found = await Promise.all(typed.map((path) => requireStat(path, from)));
  if (format !== undefined && found[0]?.isFile()) {
    if (typed.length > 1) throw new CliError('one archive or manifest makes one batch; send the others on their own');
    const [{ size, mtimeMs }] = found as [(typeof found)[number]];
    return {
      kind: 'file',
      path: resolve(from, first),
      name: basename(first),
      bytes: size,
      modifiedMs: mtimeMs,
      format,
    };
  }
  return { kind: 'clips', paths: typed, name: typed.length === 1 ? basename(resolve(from, first)) : 'clips' };
}

function sourceOfAddresses(typed: string[], addresses: string[]): SubmitSource {
  if (addresses.length < typed.length) throw new CliError('files and addresses cannot be one batch');
  const prefixes = addresses.filter((address) => /^(s3|file):/i.test(address));
  const [prefix] = prefixes;
  if (prefix === undefined) {
    if (addresses.length > MOST_URIS)
      throw new CliError(`at most ${MOST_URIS} addresses; more of them go into a manifest (.jsonl or .csv)`);
    return { kind: 'uris', uris: addresses };
  }
  if (addresses.length > 1) throw new CliError('one prefix makes one batch; send the others on their own');
  return { kind: 'prefix', prefix };
}

async function requireStat(typed: string, from: string) {
  return stat(resolve(from, typed)).catch((error: unknown) => {
    throw new CliError(`cannot read ${typed}: ${error instanceof Error ? error.message : String(error)}`);
  });
}
