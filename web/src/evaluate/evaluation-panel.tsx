/** The figures of one evaluation, which grow while it runs. */
import { useEffect, useState } from 'preact/hooks';
import { isBatchEnded } from '@timbre/client';
import type { EvaluationView } from '@timbre/shared/contracts/evaluation';
import { Panel } from '../classify/result-view.js';
import { count, counted, percent } from '../parts/figures.js';
import { isMissing, problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { callServer } from '../server/call.js';
import { useSession } from '../server/session.js';
import { linkTo } from '../shell/route.js';
import { ClassTable } from './class-table.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import { MistakeList } from './mistake-list.js';
import { ReliabilityDiagram } from './reliability-diagram.js';

const REFRESH_MS = 1500;

export function EvaluationPanel({ id }: { id: string }) {
  const { evaluation, problem } = useEvaluation(id);
  if (!evaluation) return problem ? <ProblemNote problem={problem} /> : <p class="soft">Fetching the evaluation…</p>;
  const { figures, clips } = evaluation;
  return (
    <article class="evaluation">
      <p class="back">
        <a href={linkTo({ view: 'evaluate' })}>Another evaluation</a> ·{' '}
        <a href={linkTo({ view: 'archives', id })}>Its clips</a>
      </p>
      <EvaluationHead evaluation={evaluation} />
      {problem && <ProblemNote problem={problem} />}
      {clips.judged === 0 ? (
        <p class="soft">
          {isBatchEnded(evaluation.state) ? 'No clip has both a label and a result.' : 'No clip is judged yet.'}
        </p>
      ) : (
        <div class="evaluation-figures">
          <Panel title="What was taken for what">
            <ConfusionMatrix confusion={figures.confusion} />
          </Panel>
          <Panel title="By instrument">
            <ClassTable classes={figures.classes} />
          </Panel>
          <Panel title="Is it as sure as it is right?">
            <ReliabilityDiagram calibration={figures.calibration} />
          </Panel>
          <Panel title="Worst mistakes">
            <MistakeList mistakes={evaluation.mistakes} />
          </Panel>
        </div>
      )}
    </article>
  );
}

function EvaluationHead({ evaluation }: { evaluation: EvaluationView }) {
  const { name, model, state, clips, found, figures } = evaluation;
  const { accuracy, coverage, accuracyWhereCovered, rejection } = figures;
  const shares = [
    ['Right', accuracy],
    ['Answered', coverage],
    ['Right of the answered', accuracyWhereCovered],
    ['Foreign sounds refused', rejection],
  ] as const;
  return (
    <header class="batch-head">
      <div>
        <h1>{name}</h1>
        <p class="soft" role="status">
          {model} · {counted(clips.judged, 'labelled clip')}
          {!isBatchEnded(state) && ` so far, of ${count(found)}`}
          {clips.failed > 0 && ` · ${count(clips.failed)} failed`}
          {clips.unlabelled > 0 && ` · ${count(clips.unlabelled)} without a label`}
        </p>
      </div>
      <dl class="shares">
        {shares
          .filter(([, { of }]) => of > 0)
          .map(([title, { share, interval, count: right, of }]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd class="figure share-figure">{share === null ? '–' : percent(share, 1)}</dd>
              <dd class="soft figure">
                {count(right)} of {count(of)}
                {interval && ` · ${percent(interval[0])} to ${percent(interval[1])}`}
              </dd>
            </div>
          ))}
      </dl>
    </header>
  );
}

function useEvaluation(id: string): { evaluation: EvaluationView | undefined; problem: Problem | undefined } {
  const { apiKey, visits } = useSession();
  const [evaluation, setEvaluation] = useState<EvaluationView>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    if (visits === 0) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      try {
        const now = await callServer<EvaluationView>(`/v1/evaluations/${encodeURIComponent(id)}`, apiKey, {
          signal: stop.signal,
        });
        setEvaluation(now);
        setProblem(undefined);
        if (!isBatchEnded(now.state)) timer = setTimeout(() => void read(), REFRESH_MS);
      } catch (error) {
        if (stop.signal.aborted) return;
        setProblem(
          isMissing(error)
            ? { title: 'No such evaluation', detail: 'The link is wrong, or it was deleted when its time was over.' }
            : problemOf(error),
        );
      }
    };
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, apiKey, visits]);
  return { evaluation, problem };
}
