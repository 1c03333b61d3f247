/** Whether a clip was decided as its sender expected. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import type { JobResult } from '../contracts/job.js';
import { nameOf } from '../decisions/decision.js';

/** A sound that is none of the model's labels. */
export const UNKNOWN = 'unknown';
/** A clip in which nothing sounds. */
export const MUTE = 'mute';

/** What a result calls the clip: its label, `unknown` or `mute`. */
export function decidedName(result: JobResult): string {
  return nameOf(result);
}

export interface Truth {
  /** A label of the model, `unknown` or `mute`. */
  name: string;
  /** The expected label is none of the model's: right is to answer `unknown`. */
  foreign: boolean;
}

/** @returns for each expected label what the model should answer; letter case and outer spaces do not matter */
export function truthsBy(labels: readonly string[]): (expected: string) => Truth {
  const known = new Map([UNKNOWN, MUTE, ...labels].map((name) => [name.trim().toLowerCase(), name]));
  return (expected) => {
    const name = known.get(expected.trim().toLowerCase());
    return { name: name ?? UNKNOWN, foreign: name === undefined };
  };
}

/** `undefined` where nothing was expected or there is no result to compare. */
export function isCorrect({ expected, result }: ItemResult, truthOf: (expected: string) => Truth): boolean | undefined {
  if (expected === undefined || !result) return undefined;
  return truthOf(expected).name === decidedName(result);
}
