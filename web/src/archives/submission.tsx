/** The sending of a batch or an evaluation: its progress, its failure, its end. */
import { useRef, useState } from 'preact/hooks';
import type { BatchOptions } from '@timbre/client';
import { problemOf, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { submitBatch, type BatchInput, type SubmitBatch, type SubmitProgress } from './submit-batch.js';

export interface Submission {
  /** Undefined while nothing is being sent. */
  progress: SubmitProgress | undefined;
  problem: Problem | undefined;
  submit: (input: BatchInput) => void;
  stop: () => void;
}

export function useSubmission(options: BatchOptions, send: SubmitBatch['submit']): Submission {
  const { client } = useSession();
  const [progress, setProgress] = useState<SubmitProgress>();
  const [problem, setProblem] = useState<Problem>();
  const stopper = useRef(new AbortController());
  return {
    progress,
    problem,
    stop: () => stopper.current.abort(),
    submit: (input) => {
      const stop = new AbortController();
      stopper.current = stop;
      setProblem(undefined);
      setProgress({ words: 'Starting' });
      submitBatch(client, { input, options, submit: send, onProgress: setProgress, signal: stop.signal })
        .catch((error: unknown) => {
          if (!stop.signal.aborted) setProblem(problemOf(error));
        })
        .finally(() => setProgress(undefined));
    },
  };
}

export function SubmissionProgress({ progress, onStop }: { progress: SubmitProgress; onStop: () => void }) {
  return (
    <section class="under-way" role="status">
      <p class="under-way-name">{progress.words}…</p>
      <progress max={1} aria-label="Progress" {...(progress.share === undefined ? {} : { value: progress.share })} />
      <button type="button" class="button" onClick={onStop}>
        Stop
      </button>
    </section>
  );
}
