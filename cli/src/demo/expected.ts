/** Compares decisions with `expected.json`, which lists what each bundled sample is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli-error.js';
import type { ClipOutcome } from './submit-clips.js';

/** File name → label of a model, `mute` or `unknown`. */
const expectedSchema = z.record(z.string(), z.string());
export type Expected = z.infer<typeof expectedSchema>;

/** Undefined when the folder has no such file. @throws CliError when it cannot be understood */
export async function readExpected(folder: string): Promise<Expected | undefined> {
  const path = join(folder, 'expected.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return expectedSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CliError(`${path} is not a map of file names to labels: ${String(error)}`);
  }
}

/** What a clip turned out to be: a label, `mute`, `unknown`; for one without a result, its error code or state. */
export function decisionOf({ job, refusal }: ClipOutcome): string {
  if (job?.result) return job.result.decision === 'label' ? (job.result.label ?? 'unknown') : job.result.decision;
  return refusal?.code ?? job?.error?.code ?? job?.state ?? 'not sent';
}

/** Undefined where nothing is expected of the clip. */
export function matchesExpected(outcome: ClipOutcome, expected: Expected | undefined): boolean | undefined {
  const wanted = expected?.[outcome.clip.name];
  return wanted === undefined ? undefined : wanted === decisionOf(outcome);
}
