/** The results of a batch to a file or to stdout. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResultFormat } from '@timbre/shared/contracts/batch-results';
import type { BatchCalls, ResultOptions } from '@timbre/client';
import { CliError } from '../cli-error.js';

/** Formats that are no text. Audacity's is an archive of a label file for each clip. */
const BINARY: ReadonlySet<ResultFormat> = new Set(['parquet', 'audacity']);

export interface ResultTarget {
  /** A file; absent: stdout. */
  path: string | undefined;
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
}

/** @throws CliError for bytes that would end on a terminal */
export function checkTarget(format: ResultFormat, { path, stdout }: ResultTarget): void {
  if (path === undefined && stdout.isTTY && BINARY.has(format))
    throw new CliError(`${format} is no text: give --out FILE, or pipe it somewhere`);
}

/** @returns whether the batch had ended, so that these are all */
export async function writeResults(
  batches: Pick<BatchCalls, 'results'>,
  id: string,
  { options, target, signal }: { options: ResultOptions; target: ResultTarget; signal: AbortSignal },
): Promise<boolean> {
  const { body, complete } = await batches.results(id, options, { signal });
  const source = Readable.from(chunksOf(body));
  if (target.path === undefined) {
    await untilReaderLeaves(pipeline(source, target.stdout, { end: false, signal }));
    return complete;
  }
  // A file with this name is whole, or as it was before.
  const partial = `${target.path}.part`;
  try {
    await pipeline(source, createWriteStream(partial), { signal });
    await rename(partial, target.path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return complete;
}

/** `timbre results … | head` is no failure. */
export async function untilReaderLeaves(writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  });
}

export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
