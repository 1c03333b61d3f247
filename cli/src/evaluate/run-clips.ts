/**
 * Sends labelled clips through a running system and waits for their jobs, a bounded number at a time. A clip that fails
 * fails alone and is told by its code; what would fail for every clip (a refused key, an absent model, a server that is
 * gone) ends the run.
 */
import { constants, openAsBlob } from 'node:fs';
import { access } from 'node:fs/promises';
import type { JobView } from '@timbre/shared/contracts/job';
import { CliError } from '../cli-error.js';
import { TimbreApiError } from '@timbre/client/api-error';
import type { ClipJobs } from '@timbre/client';
import type { FailedClip, JudgedClip } from './judged-clip.js';
import type { LabelledClip } from './labelled-clips.js';

export type Outcome = { judged: JudgedClip } | { failed: FailedClip };

export interface RunOptions {
  jobs: ClipJobs;
  model: string;
  truths: ReadonlyMap<string, string>;
  /** Clips in flight. */
  parallel: number;
  signal: AbortSignal;
  onDone: (outcome: Outcome) => void;
}

const HOPELESS = new Set(['auth_missing', 'auth_invalid', 'auth_expired', 'forbidden', 'model_not_found']);

/** @returns one outcome for each clip, in their order. @throws CliError, network errors after the client's retries, aborts */
export async function runClips(clips: readonly LabelledClip[], options: RunOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let index = next++; index < clips.length; index = next++) {
      const clip = clips[index];
      if (!clip) return;
      signal.throwIfAborted();
      const outcome = await runClip(clip, { ...options, signal });
      outcomes[index] = outcome;
      options.onDone(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.parallel, clips.length) }, runner));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return outcomes;
}

async function runClip(clip: LabelledClip, options: RunOptions): Promise<Outcome> {
  const { jobs, model, signal } = options;
  const content = await openClip(clip.path);
  if (!content) return failedClip(clip, { code: 'file_unreadable', detail: `${clip.path} cannot be read` });
  try {
    const submitted = await jobs.submit({ name: clip.name, content, model, lane: 'bulk' }, { signal });
    return outcomeOf(clip, await jobs.wait(submitted.id, { signal }), options.truths);
  } catch (error) {
    if (!(error instanceof TimbreApiError)) throw error;
    if (HOPELESS.has(error.code)) throw new CliError(`${error.code}: ${error.message}`);
    return failedClip(clip, { code: error.code, detail: error.message });
  }
}

/** Undefined for a file that is gone or may not be read. */
async function openClip(path: string): Promise<Blob | undefined> {
  try {
    await access(path, constants.R_OK);
    return await openAsBlob(path);
  } catch {
    return undefined;
  }
}

function outcomeOf(clip: LabelledClip, job: JobView, truths: ReadonlyMap<string, string>): Outcome {
  const { result, provenance } = job;
  const truth = truths.get(clip.label);
  if (!result || truth === undefined)
    return failedClip(clip, { code: job.error?.code ?? job.state, detail: job.error?.detail ?? '', jobId: job.id });
  return {
    judged: {
      name: clip.name,
      label: clip.label,
      truth,
      decision: result.decision === 'label' ? (result.label ?? 'unknown') : result.decision,
      guess: result.label,
      confidence: result.confidence,
      scores: result.scores,
      durationSeconds: job.clip.durationSeconds,
      preprocessSeconds: job.timings.preprocessSeconds,
      inferSeconds: job.timings.inferSeconds,
      jobId: job.id,
      modelDigest: provenance?.modelDigest,
      version: provenance?.version,
    },
  };
}

function failedClip(
  { name, label }: LabelledClip,
  { code, detail, jobId }: { code: string; detail: string; jobId?: string },
): Outcome {
  return { failed: { name, label, code, detail, jobId } };
}
