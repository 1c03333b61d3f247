/** The whole system at a glance, for those who run it: what waits, what is done, how long it takes, what fails. */
import { useEffect, useState } from 'preact/hooks';
import { TimbreApiError } from '@timbre/client';
import type { OverviewView } from '@timbre/shared/contracts/operations';
import { Panel } from '../classify/result-view.js';
import { count, size, span } from '../parts/figures.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { callServer } from '../server/call.js';
import { useSession } from '../server/session.js';
import { FailureList } from './failure-list.js';
import { LatencyTable } from './latency-table.js';
import { ProcessTable } from './process-table.js';
import { QueueTable } from './queue-table.js';
import { Sparkline } from './sparkline.js';
import { BatchSizes, Throughput } from './throughput.js';

const REFRESH_MS = 2000;
/** Ten minutes of what was seen, for the small charts. */
const MAX_SEEN = 300;

/** What is drawn over time, from the overviews of this visit. */
export interface Seen {
  backlogSeconds: number;
  clipsPerSecond: number;
}

export function OperateView() {
  const { overview, seen, problem, refused, refresh } = useOverview();
  if (refused) return <Refused />;
  if (!overview) return problem ? <ProblemNote problem={problem} /> : <p class="soft">Asking the system…</p>;
  return (
    <div class="operate">
      <h1 class="visually-hidden">Operate</h1>
      <Headline overview={overview} seen={seen} />
      {problem && <ProblemNote problem={problem} />}
      <Panel title="Queues">
        <QueueTable queues={overview.queues} onChanged={refresh} />
      </Panel>
      <div class="operate-grid">
        <Panel title={`Latency, last ${span(overview.windowSeconds)}`}>
          <LatencyTable overview={overview} />
        </Panel>
        <Panel title="Throughput">
          <Throughput throughput={overview.throughput} />
          <BatchSizes sizes={overview.batchSizes} />
        </Panel>
      </div>
      <Panel title="Failures, last hour">
        <FailureList failures={overview.failures} />
      </Panel>
      <Panel title="Processes">
        <ProcessTable processes={overview.processes} />
      </Panel>
    </div>
  );
}

function Headline({ overview, seen }: { overview: OverviewView; seen: readonly Seen[] }) {
  const last = seen.at(-1);
  return (
    <dl class="headline">
      <div>
        <dt>Sound waiting</dt>
        <dd class="figure share-figure">{span(last?.backlogSeconds ?? 0)}</dd>
        <dd>
          <Sparkline values={seen.map(({ backlogSeconds }) => backlogSeconds)} name="Sound waiting over time" />
        </dd>
      </div>
      <div>
        <dt>Clips a second</dt>
        <dd class="figure share-figure">{(last?.clipsPerSecond ?? 0).toFixed(1)}</dd>
        <dd>
          <Sparkline values={seen.map(({ clipsPerSecond }) => clipsPerSecond)} name="Clips a second over time" />
        </dd>
      </div>
      <div>
        <dt>Unfinished</dt>
        <dd class="figure share-figure">{overview.liveJobs}</dd>
        <dd class="soft">in {count(overview.processes.length)} processes</dd>
      </div>
      <div>
        <dt>Redis</dt>
        <dd class="figure share-figure">{size(overview.redis.usedBytes)}</dd>
        <dd class="soft">
          {overview.redis.limitBytes === null ? 'no limit set' : `of ${size(overview.redis.limitBytes)}`}
        </dd>
      </div>
    </dl>
  );
}

function Refused() {
  const { setApiKey } = useSession();
  return (
    <section class="empty">
      <h1>For those who run this server</h1>
      <p>
        This view needs a key with the scope <code>admin</code>, and yours does not have it.
      </p>
      <button type="button" class="button" onClick={() => setApiKey(undefined)}>
        Use another key
      </button>
    </section>
  );
}

function seenIn({ queues, throughput }: OverviewView): Seen {
  const ends = throughput.filter(({ stage }) => stage === 'infer');
  return {
    backlogSeconds: queues.reduce((sum, { backlogAudioSeconds }) => sum + backlogAudioSeconds, 0),
    clipsPerSecond: ends.reduce((sum, { clipsPerSecond }) => sum + clipsPerSecond, 0),
  };
}

function useOverview() {
  const { apiKey, visits } = useSession();
  const [overview, setOverview] = useState<OverviewView>();
  const [seen, setSeen] = useState<readonly Seen[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const [refused, setRefused] = useState(false);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (visits === 0) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      try {
        const now = await callServer<OverviewView>('/v1/admin/overview', apiKey, { signal: stop.signal });
        setOverview(now);
        setSeen((before) => [...before.slice(1 - MAX_SEEN), seenIn(now)]);
        setProblem(undefined);
        setRefused(false);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof TimbreApiError && error.status === 403) {
          setRefused(true);
          return;
        }
        setProblem(problemOf(error));
      }
      timer = setTimeout(() => void read(), REFRESH_MS);
    };
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [apiKey, visits, turn]);
  return { overview, seen, problem, refused, refresh: () => setTurn((before) => before + 1) };
}
