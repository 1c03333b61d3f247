/** One batch: how it goes, what can be done with it, what it found. */
import { useMemo, useState } from 'preact/hooks';
import { isBatchEnded } from '@timbre/client';
import type { BatchView } from '@timbre/shared/contracts/batch';
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import { Facts, Panel, type FactRow } from '../classify/result-view.js';
import { muteLabel, unknownLabel } from '../labels/palette.js';
import { count, span } from '../parts/figures.js';
import { ProblemNote } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { linkTo } from '../shell/route.js';
import { BatchActions } from './batch-actions.js';
import { BatchCharts, useSummary } from './batch-charts.js';
import { stateWords, timeLeft } from './batch-words.js';
import { DiffPanel } from './diff-panel.js';
import { Exports } from './exports.js';
import { ProgressBar } from './progress-bar.js';
import { ResultsTable } from './results-table.js';
import { useBatch } from './use-batch.js';

export function BatchPanel({ id }: { id: string }) {
  const { batch, problem, show, follow } = useBatch(id);
  if (!batch) return problem ? <ProblemNote problem={problem} /> : <p class="soft">Fetching the batch…</p>;
  return (
    <div class="batch">
      <p class="back">
        <a href={linkTo({ view: 'archives' })}>All batches</a>
      </p>
      <BatchHead batch={batch} />
      {problem && <ProblemNote problem={problem} />}
      {batch.error && (
        <ProblemNote problem={{ title: batch.error.title, detail: batch.error.detail, code: batch.error.code }} />
      )}
      <BatchActions
        batch={batch}
        onChanged={(changed) => {
          show(changed);
          follow();
        }}
      />
      <BatchFindings batch={batch} />
    </div>
  );
}

function BatchHead({ batch }: { batch: BatchView }) {
  const { clips, audioSeconds, rate, waiting } = batch;
  const done = clips.succeeded + clips.failed + clips.canceled;
  const rows: FactRow[] = [
    ['Clips', `${count(done)} of ${count(clips.total)}`],
    ['Sound', `${span(audioSeconds.done)} of ${span(audioSeconds.total)}`],
    ...(rate && !isBatchEnded(batch.state)
      ? [
          [
            'Pace',
            `${rate.clipsPerSecond.toFixed(1)} clips/s, ${Math.round(rate.audioSecondsPerSecond)}× real time`,
          ] as const,
        ]
      : []),
    ...(clips.reused > 0 ? [['Known or twice in it', count(clips.reused)] as const] : []),
    ...(clips.running > 0 ? [['Under way', count(clips.running)] as const] : []),
    ...(clips.queued > 0 ? [['Waiting', count(clips.queued)] as const] : []),
    ...(clips.failed > 0 ? [['Failed', count(clips.failed)] as const] : []),
  ];
  return (
    <header class="batch-head">
      <div>
        <h1>{batch.name}</h1>
        <p class="soft" role="status">
          {stateWords(batch)} · {batch.model}
          {isBatchEnded(batch.state) ? '' : timeLeft(batch) ? ` · ${timeLeft(batch) ?? ''}` : ''}
          {waiting && !isBatchEnded(batch.state) && ` · ${waiting.detail}`}
        </p>
      </div>
      <ProgressBar batch={batch} />
      <div class="batch-facts">
        <Facts rows={rows} />
      </div>
    </header>
  );
}

function BatchFindings({ batch }: { batch: BatchView }) {
  const summary = useSummary(batch);
  const { models } = useSession();
  const [kind, setKind] = useState('');
  const labels = useMemo(
    () => [...(models.find(({ id }) => id === batch.model)?.labels ?? []), unknownLabel, muteLabel],
    [models, batch.model],
  );
  return (
    <>
      {batch.preflight && summary && <PreflightReport summary={summary} />}
      <BatchCharts batch={batch} summary={summary} onKind={setKind} />
      {batch.clipsOf !== undefined && !batch.preflight && isBatchEnded(batch.state) && <DiffPanel batch={batch} />}
      {batch.clips.total > 0 && <ResultsTable batch={batch} labels={labels} kind={kind} onKind={setKind} />}
      {!batch.preflight && batch.clips.succeeded > 0 && <Exports batch={batch} />}
    </>
  );
}

function PreflightReport({ summary }: { summary: BatchSummary }) {
  const { clips, durations, formats } = summary;
  const seconds = (value: number | null): string => (value === null ? '–' : span(value));
  return (
    <Panel title="What is in it">
      <Facts
        rows={[
          ['Clips that can be read', `${count(clips.succeeded)} of ${count(clips.total)}`],
          ['Sound in all', span(durations.totalSeconds)],
          ['Shortest, longest', `${seconds(durations.shortestSeconds)}, ${seconds(durations.longestSeconds)}`],
          ...Object.entries(formats).map(([format, of]): FactRow => [format, count(of)]),
          ...(clips.duplicates > 0 ? [['Duplicates', count(clips.duplicates)] as const] : []),
        ]}
      />
    </Panel>
  );
}
