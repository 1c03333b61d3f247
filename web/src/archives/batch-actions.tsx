/** What can be done with a batch in the state it is in. */
import { useState } from 'preact/hooks';
import { isBatchEnded, type TimbreClient } from '@timbre/client';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { count, counted } from '../parts/figures.js';
import { ModelChoice } from '../parts/model-choice.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { goTo } from '../shell/route.js';

export interface BatchActionsProps {
  batch: BatchView;
  onChanged: (batch: BatchView) => void;
}

export function BatchActions({ batch, onChanged }: BatchActionsProps) {
  const { client } = useSession();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = (act: (client: TimbreClient) => Promise<BatchView>): void => {
    setBusy(true);
    setProblem(undefined);
    act(client)
      .then((changed) => {
        if (changed.id === batch.id) onChanged(changed);
        else goTo({ view: 'archives', id: changed.id });
      })
      .catch((error: unknown) => setProblem(problemOf(error)))
      .finally(() => setBusy(false));
  };
  return (
    <div class="batch-actions">
      {isBatchEnded(batch.state) ? (
        <EndedActions batch={batch} busy={busy} run={run} />
      ) : (
        <>
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => run((to) => (batch.paused ? to.batches.resume(batch.id) : to.batches.pause(batch.id)))}
          >
            {batch.paused ? 'Resume' : 'Pause'}
          </button>
          <button
            type="button"
            class="button button-bad"
            disabled={busy || batch.state === 'canceling'}
            onClick={() => run((to) => to.batches.cancel(batch.id))}
          >
            Cancel the rest
          </button>
        </>
      )}
      {problem && <ProblemNote problem={problem} />}
    </div>
  );
}

interface EndedProps {
  batch: BatchView;
  busy: boolean;
  run: (act: (client: TimbreClient) => Promise<BatchView>) => void;
}

function EndedActions({ batch, busy, run }: EndedProps) {
  const [model, setModel] = useState<string>();
  if (batch.preflight)
    return (
      <button
        type="button"
        class="button button-strong"
        disabled={busy || batch.clips.succeeded === 0}
        onClick={() => run((client) => client.batches.start(batch.id))}
      >
        Classify {counted(batch.clips.total, 'clip')}
      </button>
    );
  return (
    <>
      {batch.clips.failed > 0 && (
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => run((client) => client.batches.retryFailed(batch.id))}
        >
          Try again what failed ({count(batch.clips.failed)})
        </button>
      )}
      <ModelChoice value={model ?? batch.model} onChange={setModel} />
      <button
        type="button"
        class="button"
        disabled={busy || (model ?? batch.model) === batch.model}
        onClick={() => run((client) => client.batches.rescore(batch.id, { model }))}
      >
        Score again with this model
      </button>
    </>
  );
}
