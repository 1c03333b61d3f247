/** What a batch adds up to: hours by instrument, how sure the model was, what failed. */
import { useEffect, useState } from 'preact/hooks';
import type { BatchView } from '@timbre/shared/contracts/batch';
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import { Panel } from '../classify/result-view.js';
import { hueOf, LabelMark } from '../labels/label-mark.js';
import { useColours, usePalette } from '../labels/use-palette.js';
import { count, counted, span } from '../parts/figures.js';
import { useSession } from '../server/session.js';

/** Read again as results come in, but not for every one. */
export function useSummary(batch: BatchView): BatchSummary | undefined {
  const { client } = useSession();
  const [summary, setSummary] = useState<BatchSummary>();
  const done = batch.clips.succeeded + batch.clips.failed;
  const step = batch.finishedAt === undefined ? Math.floor(Math.log2(done + 1) * 4) : -done;
  useEffect(() => {
    const stop = new AbortController();
    // What cannot be read now is read at the next step.
    client.batches.summary(batch.id, { signal: stop.signal }).then(setSummary, () => undefined);
    return () => stop.abort();
  }, [client, batch.id, step]);
  return summary;
}

export interface BatchChartsProps {
  batch: BatchView;
  summary: BatchSummary | undefined;
  onKind: (kind: string) => void;
}

export function BatchCharts({ batch, summary, onKind }: BatchChartsProps) {
  const failures = Object.entries(batch.failuresByCode).sort(([, a], [, b]) => b - a);
  return (
    <div class="charts">
      {summary && summary.instruments.some(({ clips }) => clips > 0) && (
        <Panel title="Time by instrument">
          <InstrumentHours summary={summary} onKind={onKind} />
        </Panel>
      )}
      {summary && summary.confidence.some(({ clips }) => clips > 0) && (
        <Panel title="Confidence">
          <ConfidenceHistogram bins={summary.confidence} />
        </Panel>
      )}
      {failures.length > 0 && (
        <Panel title="Failed, by reason">
          <ul class="failures">
            {failures.map(([code, clips]) => (
              <li key={code}>
                <button type="button" class="link" onClick={() => onKind(code)}>
                  {code}
                </button>
                <span class="figure">{count(clips)}</span>
                <a href={`/problems/${code}`} target="_blank" rel="noreferrer">
                  what helps
                </a>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

function InstrumentHours({ summary, onKind }: Pick<BatchChartsProps, 'onKind'> & { summary: BatchSummary }) {
  const colourOf = useColours();
  const palette = usePalette();
  const most = Math.max(...summary.instruments.map(({ hours }) => hours), 1e-9);
  return (
    <ol class="score-bars">
      {summary.instruments.map(({ name, hours, clips }) => (
        <li key={name}>
          <button type="button" class="link" onClick={() => onKind(name)}>
            <LabelMark label={name} />
          </button>
          <span class="score-track" aria-hidden="true">
            <span
              class={`score-fill pattern-${palette(name).pattern}`}
              style={{ ...hueOf(colourOf(name)), width: `${(100 * hours) / most}%` }}
            />
          </span>
          <span class="figure">
            {span(hours * 3600)} <span class="soft">· {counted(clips, 'clip')}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

export function ConfidenceHistogram({ bins }: { bins: BatchSummary['confidence'] }) {
  const most = Math.max(...bins.map(({ clips }) => clips), 1);
  return (
    <figure class="histogram">
      <ol aria-label="Clips by confidence">
        {bins.map(({ from, to, clips }) => (
          <li key={from} title={`${Math.round(from * 100)} to ${Math.round(to * 100)} %: ${counted(clips, 'clip')}`}>
            <span class="visually-hidden">
              {Math.round(from * 100)} to {Math.round(to * 100)} %: {counted(clips, 'clip')}
            </span>
            <span class="histogram-bar" aria-hidden="true" style={{ height: `${(100 * clips) / most}%` }} />
          </li>
        ))}
      </ol>
      <figcaption aria-hidden="true">
        <span>0 %</span>
        <span>{count(most)} clips at most</span>
        <span>100 %</span>
      </figcaption>
    </figure>
  );
}
