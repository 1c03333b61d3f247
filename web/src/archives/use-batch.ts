/** A batch as it goes, by its event stream; taken up again when the server comes back. */
import { useEffect, useState } from 'preact/hooks';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { isMissing, problemOf, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';

export interface FollowedBatch {
  batch: BatchView | undefined;
  problem: Problem | undefined;
  /** An answer of an action, which comes before its event. */
  show: (batch: BatchView) => void;
  /** Follows again: a batch that ended may have been taken up. */
  follow: () => void;
}

export function useBatch(id: string): FollowedBatch {
  const { client, visits } = useSession();
  const [batch, setBatch] = useState<BatchView>();
  const [problem, setProblem] = useState<Problem>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (visits === 0) return;
    const stop = new AbortController();
    void (async () => {
      try {
        for await (const { batch: now } of client.batches.events(id, { signal: stop.signal })) {
          setBatch(now);
          setProblem(undefined);
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        setProblem(
          isMissing(error)
            ? { title: 'No such batch', detail: 'The link is wrong, or the batch was deleted when its time was over.' }
            : problemOf(error),
        );
      }
    })();
    return () => stop.abort();
  }, [id, client, visits, turn]);
  return { batch, problem, show: setBatch, follow: () => setTurn((before) => before + 1) };
}
