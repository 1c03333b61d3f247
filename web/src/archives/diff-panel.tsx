/** What another model says differently over the same clips. */
import { useEffect, useState } from 'preact/hooks';
import type { BatchDiff } from '@timbre/client';
import type { BatchView } from '@timbre/shared/contracts/batch';
import type { DiffSide } from '@timbre/shared/contracts/batch-diff';
import { Panel } from '../classify/result-view.js';
import { decidedName } from '../labels/palette.js';
import { LabelMark } from '../labels/label-mark.js';
import { count, percent } from '../parts/figures.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { linkTo } from '../shell/route.js';

const SHOWN = 50;

/** Compares with another batch over the same clips, the newest one that is older, where there is one. */
export function DiffPanel({ batch }: { batch: BatchView }) {
  const others = useSiblings(batch);
  const [chosen, setChosen] = useState<string>();
  const against = others.find(({ id }) => id === chosen) ?? others.find(({ createdAt }) => createdAt < batch.createdAt);
  if (!against) return null;
  return (
    <Panel title="Against the batch before">
      {others.length > 1 && (
        <label class="model-choice">
          Compared with{' '}
          <select value={against.id} onChange={(event) => setChosen(event.currentTarget.value)}>
            {others.map(({ id, model, createdAt }) => (
              <option key={id} value={id}>
                {model}, {new Date(createdAt).toLocaleString()}
              </option>
            ))}
          </select>
        </label>
      )}
      <DiffReport key={against.id} batch={batch} against={against.id} />
    </Panel>
  );
}

/** Other batches over the same clips with results, the newest first. */
function useSiblings(batch: BatchView): BatchView[] {
  const { client } = useSession();
  const [siblings, setSiblings] = useState<BatchView[]>([]);
  const { id, clipsOf = id } = batch;
  useEffect(() => {
    const stop = new AbortController();
    client.batches.list({ limit: 200 }, { signal: stop.signal }).then(
      ({ batches }) =>
        setSiblings(
          batches.filter((other) => other.id !== id && !other.preflight && (other.clipsOf ?? other.id) === clipsOf),
        ),
      // Without the list there is nothing to compare with.
      () => undefined,
    );
    return () => stop.abort();
  }, [client, id, clipsOf]);
  return siblings;
}

function DiffReport({ batch, against }: { batch: BatchView; against: string }) {
  const { client } = useSession();
  const [diff, setDiff] = useState<BatchDiff>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    const stop = new AbortController();
    client.batches.diff(batch.id, against, { limit: SHOWN, signal: stop.signal }).then(setDiff, (error: unknown) => {
      if (!stop.signal.aborted) setProblem(problemOf(error));
    });
    return () => stop.abort();
  }, [client, batch.id, against, batch.finishedAt]);
  if (problem) return <ProblemNote problem={problem} />;
  if (!diff) return <p class="soft">Comparing…</p>;
  const moved = diff.transitions.filter(({ from, to }) => from !== to);
  return (
    <>
      <p>
        {count(diff.unchanged)} of {count(diff.clips)} clips are the same.{' '}
        <a href={linkTo({ view: 'archives', id: against })}>Open that batch</a>
      </p>
      <ul class="transitions">
        {moved.slice(0, 12).map(({ from, to, clips }) => (
          <li key={`${from} ${to}`}>
            <LabelMark label={from} /> <span aria-label="became">→</span> <LabelMark label={to} />
            <span class="figure">{count(clips)}</span>
          </li>
        ))}
      </ul>
      {diff.items.length > 0 && (
        <details>
          <summary>Clip by clip{diff.items.length === SHOWN ? `, the first ${SHOWN}` : ''}</summary>
          <ul class="changes">
            {diff.items.map(({ index, path, before, after }) => (
              <li key={index}>
                <a href={linkTo({ view: 'classify', id: `${batch.id}-${index}` })}>{path}</a>
                <span>
                  <Side side={before} /> → <Side side={after} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Side({ side: { state, decision, label, confidence, errorCode } }: { side: DiffSide }) {
  if (decision === null) return <span class="is-failed">{errorCode ?? state}</span>;
  return (
    <>
      <LabelMark label={decidedName({ decision, label })} />{' '}
      {confidence !== null && <span class="figure soft">{percent(confidence)}</span>}
    </>
  );
}
