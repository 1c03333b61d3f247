/** One decision from one row of scores. Pure. */
import type { ModelCard } from '../contracts/model-card.js';

export interface Decision {
  decision: 'label' | 'unknown' | 'mute';
  /** The best label, also when it is too weak to count; `null` for mute. */
  label: string | null;
  /** Score of the best label; for mute 1, because a level under the gate is measured, not estimated. */
  confidence: number;
}

export type DecisionRule = Pick<ModelCard, 'labels' | 'thresholds'>;

export const mute: Decision = { decision: 'mute', label: null, confidence: 1 };

/** The best label, `unknown` when its score is below the threshold. Of equal scores the first label wins. */
export function decide(scores: Float64Array, { labels, thresholds }: DecisionRule): Decision {
  let best = 0;
  for (const [index, score] of scores.entries()) if (score > (scores[best] ?? 0)) best = index;
  const confidence = scores[best] ?? 0;
  return {
    decision: confidence < thresholds.unknown ? 'unknown' : 'label',
    label: labels[best] ?? null,
    confidence,
  };
}

/** What a segment is called: its label, or `unknown` or `mute`. */
export function nameOf({ decision, label }: Decision): string {
  return decision === 'label' && label !== null ? label : decision;
}
