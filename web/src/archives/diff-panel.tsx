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

export function DiffPanel({ batch, against }: { batch: BatchView; against: string }) {
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
  if (!diff) return null;
  const moved = diff.transitions.filter(({ from, to }) => from !== to);
  // Before a preflight was run there is nothing to compare with.
  if (moved.every(({ from }) => from === 'probed')) return null;
  return (
    <Panel title="Against the batch before">
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
    </Panel>
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
