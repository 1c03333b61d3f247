/** The result of a job from the answers of its model: the whole of the decision on one screen. Pure. */
import type { JobResult } from '../contracts/job.js';
import type { ModelCard } from '../contracts/model-card.js';
import type { PackFacts, TensorPack } from '../tensor-pack.js';
import { clipScores } from './clip-scores.js';
import { decide, mute } from './decision.js';
import { segmentsOf } from './segments.js';
import { smoothScores } from './smoothing.js';
import { windowScores } from './window-scores.js';

/** What of a tensor pack a decision needs beside the answers. */
export interface ClipWindows extends Pick<TensorPack, 'offsets' | 'rmsDbfs'> {
  facts: Pick<PackFacts, 'quality' | 'warnings'> & { clip: Pick<PackFacts['clip'], 'durationSeconds'> };
}

/**
 * Windows below the silence gate are mute and have no say. Segments come from smoothed window scores; the clip's scores
 * are the mean of the unsmoothed ones by the card's rule. A clip with no sounding window is mute: label `null`, every
 * score 0.
 * @param outputs `[windows, labels]`, row-major, as the graph answered
 * @throws AppError `inference_nonfinite`, `inference_failed`, `tensor_corrupt`
 */
export function decideClip(
  card: ModelCard,
  { facts, offsets, rmsDbfs }: ClipWindows,
  outputs: Float32Array,
): JobResult {
  const labels = card.labels.length;
  const sounding = Array.from(rmsDbfs, (level) => level >= card.silenceGate.rmsDbfs);
  const table = { scores: windowScores(outputs, card), labels, sounding };
  const smoothed = smoothScores(table, card.segments.smoothingWindows);
  const windows = sounding.map((heard, window) =>
    heard ? decide(smoothed.subarray(window * labels, (window + 1) * labels), card) : mute,
  );
  const times = { offsets, durationSeconds: facts.clip.durationSeconds };
  const scores = clipScores(table, rmsDbfs, card.clipRule);
  return {
    ...(scores ? decide(scores, card) : mute),
    scores: Object.fromEntries(card.labels.map((label, index) => [label, scores?.[index] ?? 0])),
    segments: segmentsOf(windows, times, card.segments.mergeGapSeconds),
    quality: facts.quality,
    warnings: facts.warnings,
  };
}
