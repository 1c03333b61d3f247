/** From what the graph answered to one score per window and label. Pure. */
import { AppError } from '../errors.js';
import type { ModelCard } from '../contracts/model-card.js';

export type ScoreRule = Pick<ModelCard, 'labels' | 'output' | 'temperature'>;

/** How far rounding may carry a probability outside 0..1. */
const roundingSlack = 1e-3;

/**
 * @param outputs `[windows, labels]`, row-major, as the graph answered
 * @returns `[windows, labels]`, each 0..1: softmax of the logits over the temperature (Guo et al. 2017), or the
 * probabilities themselves
 * @throws AppError `inference_nonfinite`; `inference_failed` when probabilities are not between 0 and 1
 */
export function windowScores(outputs: Float32Array, { labels, output, temperature }: ScoreRule): Float64Array {
  if (!outputs.every(Number.isFinite)) throw new AppError('inference_nonfinite');
  const scores = Float64Array.from(outputs);
  if (output.kind === 'probabilities') return clampProbabilities(scores);
  for (let at = 0; at < scores.length; at += labels.length)
    softmaxInPlace(scores.subarray(at, at + labels.length), temperature);
  return scores;
}

function softmaxInPlace(row: Float64Array, temperature: number): void {
  // Subtracting the maximum keeps the exponentials finite and changes nothing else.
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const [index, logit] of row.entries()) sum += row[index] = Math.exp((logit - max) / temperature);
  for (const [index, share] of row.entries()) row[index] = share / sum;
}

function clampProbabilities(scores: Float64Array): Float64Array {
  for (const [index, score] of scores.entries()) {
    if (score < -roundingSlack || score > 1 + roundingSlack)
      throw new AppError('inference_failed', {
        detail: 'the card says the model answers probabilities, but an answer is not between 0 and 1',
        details: { observed: score },
      });
    scores[index] = Math.min(1, Math.max(0, score));
  }
  return scores;
}
