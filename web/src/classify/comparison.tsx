/** A second opinion: the same clip through another model, as a second timeline. */
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '@timbre/shared/contracts/job';
import { SegmentBand } from '../drawing/segment-band.js';
import { decidedName } from '../labels/palette.js';
import { LabelMark } from '../labels/label-mark.js';
import { percent } from '../parts/figures.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';

export interface Comparison {
  job: JobView | undefined;
  busy: boolean;
  problem: Problem | undefined;
  /** False without the audio. */
  possible: boolean;
  run: (model: string) => void;
}

export function useComparison(job: JobView, content: Blob | undefined): Comparison {
  const { client } = useSession();
  const [other, setOther] = useState<JobView>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    setOther(undefined);
    setProblem(undefined);
  }, [job.id]);
  return {
    job: other,
    busy,
    problem,
    possible: content !== undefined,
    run(model) {
      setOther(undefined);
      setProblem(undefined);
      if (!content || model === '') return;
      setBusy(true);
      client
        .classify({ name: job.clip.name, content, model })
        .then(setOther, (error: unknown) => setProblem(problemOf(error)))
        .finally(() => setBusy(false));
    },
  };
}

export function CompareControls({ comparison, model }: { comparison: Comparison; model: string }) {
  const { models } = useSession();
  const others = models.filter(({ id }) => id !== model);
  if (others.length === 0) return null;
  const { job, busy, problem, possible } = comparison;
  return (
    <div class="compare">
      <label>
        Compare with{' '}
        <select
          value={job?.model ?? ''}
          disabled={!possible || busy}
          onChange={(event) => comparison.run(event.currentTarget.value)}
        >
          <option value="">no other model</option>
          {others.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <span role="status">
        {busy && 'Listening again…'}
        {job?.result && (
          <>
            <LabelMark label={decidedName(job.result)} /> <span class="figure">{percent(job.result.confidence)}</span>
          </>
        )}
        {job?.error && job.error.title}
      </span>
      {problem && <ProblemNote problem={problem} />}
    </div>
  );
}

export function ComparedTimeline({ comparison, durationSeconds }: { comparison: Comparison; durationSeconds: number }) {
  const { job } = comparison;
  if (!job?.result) return null;
  return (
    <>
      <p class="band-caption">{job.model}</p>
      <SegmentBand segments={job.result.segments} durationSeconds={durationSeconds} name={`Timeline of ${job.model}`} />
    </>
  );
}
