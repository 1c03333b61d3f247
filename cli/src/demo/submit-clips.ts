/** Sends clips and waits for their jobs, a few at a time. One clip that fails, fails alone. */
import { openAsBlob } from 'node:fs';
import type { JobView } from '@timbre/shared/contracts/job';
import { TimbreApiError } from '@timbre/client/api-error';
import type { ClipJobs } from '@timbre/client';
import type { ClipFile } from './clip-files.js';

export interface ClipOutcome {
  clip: ClipFile;
  /** The finished job; missing when the clip was refused or could not be read. */
  job?: JobView;
  /** Why there is no job. */
  refusal?: { code: string; detail: string };
}

export interface SubmitOptions {
  jobs: ClipJobs;
  /** Clips in flight. */
  parallel: number;
  signal: AbortSignal;
  onDone: (outcome: ClipOutcome) => void;
}

/**
 * @returns one outcome for each clip, in their order
 * @throws when the service stays unreachable past the client's retries, or on abort
 */
export async function submitClips(clips: ClipFile[], options: SubmitOptions): Promise<ClipOutcome[]> {
  const outcomes: ClipOutcome[] = [];
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < clips.length; index = next++) {
      const clip = clips[index];
      if (!clip) return;
      signal.throwIfAborted();
      const outcome = await classifyClip(clip, { ...options, signal });
      outcomes[index] = outcome;
      options.onDone(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.parallel, clips.length) }, lane));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return outcomes;
}

async function classifyClip(clip: ClipFile, { jobs, signal }: SubmitOptions): Promise<ClipOutcome> {
  try {
    const content = await openAsBlob(clip.path);
    const submitted = await jobs.submit({ name: clip.name, content }, { signal });
    return { clip, job: await jobs.wait(submitted.id, { signal }) };
  } catch (error) {
    if (error instanceof TimbreApiError && error.status < 500) {
      return { clip, refusal: { code: error.code, detail: error.message } };
    }
    throw error;
  }
}
