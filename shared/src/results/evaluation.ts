/** The report of an evaluation, counted over a stream of its clips. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import type { EvaluationReport, Mistake } from '../contracts/evaluation.js';
import { decidedName, MUTE, truthsBy, UNKNOWN } from './expected-label.js';
import { FiguresCounter, isMistake } from './figures.js';
import { itemJobId } from './item-view.js';

const mostMistakes = 100;
const mostForeignLabels = 100;

export interface EvaluationOptions {
  batchId: string;
  /** Of the model. */
  labels: readonly string[];
}

/** Memory grows with labels, not with clips. */
export async function evaluate(
  items: AsyncIterable<ItemResult>,
  { batchId, labels }: EvaluationOptions,
): Promise<EvaluationReport> {
  const figures = new FiguresCounter(labels);
  const classes = new Set([...labels, UNKNOWN, MUTE]);
  const truthOf = truthsBy(labels);
  const clips = { total: 0, judged: 0, failed: 0, unlabelled: 0 };
  const foreignLabels = new Map<string, number>();
  const mistakes: Mistake[] = [];

  for await (const { index, path, expected, state, result } of items) {
    clips.total += 1;
    if (state === 'failed') clips.failed += 1;
    if (expected === undefined) clips.unlabelled += 1;
    if (expected === undefined || !result) continue;
    const truth = truthOf(expected);
    const decision = decidedName(result);
    // A model that stood in may know labels that this one does not.
    if (!classes.has(decision)) continue;
    clips.judged += 1;
    if (truth.foreign && (foreignLabels.has(expected) || foreignLabels.size < mostForeignLabels))
      foreignLabels.set(expected, (foreignLabels.get(expected) ?? 0) + 1);
    const { label: guess, confidence } = result;
    const label = truth.foreign && !foreignLabels.has(expected) ? 'others' : expected;
    const judged = { label, truth: truth.name, decision, guess, confidence };
    figures.add(judged);
    if (isMistake(judged))
      keepWorst(mistakes, { jobId: itemJobId(batchId, index), path, expected, decision, guess, confidence });
  }
  return { clips, foreignLabels: Object.fromEntries(foreignLabels), figures: figures.report(), mistakes };
}

/** In order, the most confident first; equals stay in the order they came. */
function keepWorst(mistakes: Mistake[], mistake: Mistake): void {
  const place = mistakes.findIndex(({ confidence }) => confidence < mistake.confidence);
  if (place === -1 && mistakes.length >= mostMistakes) return;
  mistakes.splice(place === -1 ? mistakes.length : place, 0, mistake);
  if (mistakes.length > mostMistakes) mistakes.pop();
}
