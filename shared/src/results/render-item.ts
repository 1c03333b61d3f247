/** A stored result as the asker wants it, without inference. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import type { RenderOptions } from '../contracts/batch-results.js';
import type { JobResult } from '../contracts/job.js';
import type { ModelCard } from '../contracts/model-card.js';
import { decideClip } from '../decisions/decide-clip.js';
import { decodeWindowAnswers } from './window-answers.js';

/** The card of the model that answered, by its digest. */
export type CardOf = (modelDigest: string | undefined) => ModelCard | undefined;

/**
 * With `threshold` or `mergeGapSeconds` the clip is decided again from its kept answers, by the card with these values in
 * place of its own; equal values give exactly the stored result. Where that cannot be (no card, no kept answers, a clip
 * without a result) the stored result stands: whoever must not overlook that refuses before.
 * @throws AppError `storage_corrupt` when the kept answers do not fit the card; what `decideClip` throws
 */
export function renderItem(item: ItemResult, card: ModelCard | undefined, options: RenderOptions): ItemResult {
  if (!item.result) return item;
  const decided = decideAgain(item, item.result, card, options);
  const result = options.top === undefined ? decided : { ...decided, scores: bestScores(decided.scores, options.top) };
  return result === item.result ? item : { ...item, result };
}

export async function* renderItems(
  items: AsyncIterable<ItemResult>,
  cardOf: CardOf,
  options: RenderOptions,
): AsyncGenerator<ItemResult, void, void> {
  for await (const item of items) yield renderItem(item, cardOf(item.modelDigest), options);
}

function decideAgain(
  { windows, clip }: ItemResult,
  stored: JobResult,
  card: ModelCard | undefined,
  { threshold, mergeGapSeconds }: RenderOptions,
): JobResult {
  const { durationSeconds } = clip;
  const asked = threshold !== undefined || mergeGapSeconds !== undefined;
  if (!asked || !card || !windows || durationSeconds === undefined) return stored;
  const { outputs, rmsDbfs, offsets } = decodeWindowAnswers(windows, card.labels.length);
  const changed: ModelCard = {
    ...card,
    thresholds: { ...card.thresholds, unknown: threshold ?? card.thresholds.unknown },
    segments: { ...card.segments, mergeGapSeconds: mergeGapSeconds ?? card.segments.mergeGapSeconds },
  };
  const facts = { clip: { durationSeconds }, quality: stored.quality, warnings: stored.warnings };
  return decideClip(changed, { facts, offsets, rmsDbfs }, outputs);
}

/** Best first; of equal scores the one the model names first. */
function bestScores(scores: Readonly<Record<string, number>>, count: number): Record<string, number> {
  const ranked = Object.entries(scores).sort(([, a], [, b]) => b - a);
  return Object.fromEntries(ranked.slice(0, count));
}
