/** Batches: make one, see those there are, open one. */
import { useEffect, useState } from 'preact/hooks';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { count, counted } from '../parts/figures.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { linkTo } from '../shell/route.js';
import { BatchPanel } from './batch-panel.js';
import { stateWords } from './batch-words.js';
import { NewBatch } from './new-batch.js';
import { ProgressBar } from './progress-bar.js';

export function ArchivesView({ id }: { id: string | undefined }) {
  if (id !== undefined) return <BatchPanel key={id} id={id} />;
  return (
    <div class="archives">
      <NewBatch />
      <RecentBatches />
    </div>
  );
}

const REFRESH_MS = 3000;

function RecentBatches() {
  const { client, visits } = useSession();
  const [batches, setBatches] = useState<BatchView[]>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    if (visits === 0) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      try {
        const page = await client.batches.list({ limit: 50 }, { signal: stop.signal });
        setBatches(page.batches);
        setProblem(undefined);
      } catch (error) {
        if (stop.signal.aborted) return;
        setProblem(problemOf(error));
      }
      timer = setTimeout(() => void read(), REFRESH_MS);
    };
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [client, visits]);
  if (problem && !batches) return <ProblemNote problem={problem} />;
  if (!batches) return null;
  return (
    <section class="recent" aria-labelledby="recent-title">
      <h2 id="recent-title">{batches.length === 0 ? 'No batches yet' : 'Batches'}</h2>
      {batches.length === 0 && <p class="soft">The ones you make are listed here, with what was found in them.</p>}
      <ul>
        {batches.map((batch) => (
          <li key={batch.id}>
            <a href={linkTo({ view: 'archives', id: batch.id })}>
              <span class="recent-name">{batch.name}</span>
              <span class="soft">
                {stateWords(batch)} · {batch.model} · {new Date(batch.createdAt).toLocaleString()}
              </span>
              <ProgressBar batch={batch} />
              <span class="figure recent-count">
                {counted(batch.clips.total, 'clip')}
                {batch.clips.failed > 0 && <span class="is-failed"> · {count(batch.clips.failed)} failed</span>}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
