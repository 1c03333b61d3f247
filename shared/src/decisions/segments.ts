/**
 * From decisions of windows to segments: an ordered list that covers the time from the first window to the last without
 * overlap or hole. Pure.
 */
import { AppError } from '../errors.js';
import type { Segment } from '../contracts/job.js';
import { nameOf, type Decision } from './decision.js';

export interface WindowTimes {
  /** `[windows, 2]`: start and end in seconds, in order of their starts. */
  offsets: Float64Array;
  durationSeconds: number;
}

interface Run {
  startSeconds: number;
  endSeconds: number;
  name: string;
  isLabel: boolean;
  confidences: number[];
}

/**
 * Neighbouring windows that agree become one segment. Where windows overlap, the border lies halfway between their
 * centres; nothing reaches past the end of the clip. Two segments of one label with less than `mergeGapSeconds` of
 * `unknown` or `mute` between them become one; another label between them keeps them apart.
 * `confidence` is the mean over the windows that agree.
 * @throws AppError `tensor_corrupt` when the times are not in order
 */
export function segmentsOf(decisions: readonly Decision[], times: WindowTimes, mergeGapSeconds: number): Segment[] {
  const cells = cellsOf(decisions.length, times);
  const runs: Run[] = [];
  for (const [index, decision] of decisions.entries()) {
    const { startSeconds, endSeconds } = cells[index] ?? { startSeconds: 0, endSeconds: 0 };
    const name = nameOf(decision);
    const last = runs.at(-1);
    if (endSeconds <= startSeconds) continue;
    if (last?.name === name) {
      last.endSeconds = endSeconds;
      last.confidences.push(decision.confidence);
    } else {
      const isLabel = decision.decision === 'label';
      runs.push({ startSeconds, endSeconds, name, isLabel, confidences: [decision.confidence] });
    }
  }
  return closeGaps(runs, mergeGapSeconds).map(toSegment);
}

/** The part of the clip each window answers for. */
function cellsOf(count: number, { offsets, durationSeconds }: WindowTimes) {
  const start = (window: number) => offsets[window * 2] ?? 0;
  const end = (window: number) => offsets[window * 2 + 1] ?? 0;
  const centre = (window: number) => (start(window) + end(window)) / 2;
  const inClip = (seconds: number) => Math.min(durationSeconds, Math.max(0, seconds));
  for (let window = 0; window < count; window++)
    if (!(start(window) <= end(window) && (window === 0 || start(window - 1) <= start(window))))
      throw new AppError('tensor_corrupt', { detail: 'the times of the windows are not in order' });
  const border = (window: number) => (centre(window - 1) + centre(window)) / 2;
  return Array.from({ length: count }, (_, window) => ({
    startSeconds: inClip(window === 0 ? start(0) : border(window)),
    endSeconds: inClip(window === count - 1 ? end(window) : border(window + 1)),
  }));
}

function closeGaps(runs: readonly Run[], mergeGapSeconds: number): Run[] {
  const closed: Run[] = [];
  for (const run of runs) {
    const previous = run.isLabel ? closed.findLastIndex(({ isLabel }) => isLabel) : -1;
    const before = closed[previous];
    if (before?.name === run.name && run.startSeconds - before.endSeconds < mergeGapSeconds) {
      closed.length = previous + 1;
      before.endSeconds = run.endSeconds;
      before.confidences.push(...run.confidences);
    } else closed.push(run);
  }
  return closed;
}

function toSegment({ startSeconds, endSeconds, name, confidences }: Run): Segment {
  const sum = confidences.reduce((a, b) => a + b, 0);
  return { startSeconds, endSeconds, label: name, confidence: Math.min(1, sum / confidences.length) };
}
