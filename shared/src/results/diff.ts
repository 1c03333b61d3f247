/** What changed between two batches over the same clips, read side by side. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import type { BatchDiffReport, ChangeKind, DiffSide, ItemChange } from '../contracts/batch-diff.js';
import { AppError } from '../errors.js';

export interface DiffOptions {
  /** Smaller changes of confidence alone are not told: another model changes them all. */
  minConfidenceChange?: number | undefined;
}

export interface BatchDiff {
  /** In the order of the clips. */
  changes: AsyncGenerator<ItemChange, void, void>;
  /** Of what was read so far; complete once `changes` has ended. */
  report: () => BatchDiffReport;
}

const defaultMinConfidenceChange = 0.05;

/**
 * Keeps one clip of each side.
 * @param before clips in the order of their indexes, as `after`
 * @throws (`changes`) AppError `storage_corrupt` when a side is out of order
 */
export function diffBatches(
  before: AsyncIterable<ItemResult>,
  after: AsyncIterable<ItemResult>,
  { minConfidenceChange = defaultMinConfidenceChange }: DiffOptions = {},
): BatchDiff {
  const counter = new DiffCounter();
  async function* changes(): AsyncGenerator<ItemChange, void, void> {
    for await (const [old, now] of pairs(before, after)) {
      const sides = { before: sideOf(old), after: sideOf(now) };
      const kind = kindOf(sides.before, sides.after, minConfidenceChange);
      counter.add(sides.before, sides.after, kind);
      const item = now ?? old;
      if (kind && item) yield { index: item.index, path: item.path, ...sides, kind };
    }
  }
  return { changes: changes(), report: () => counter.report() };
}

function sideOf(item: ItemResult | undefined): DiffSide {
  const { decision = null, label = null, confidence = null } = item?.result ?? {};
  const side: DiffSide = { state: item?.state ?? 'absent', decision, label, confidence };
  return item?.error ? { ...side, errorCode: item.error.code } : side;
}

function kindOf(before: DiffSide, after: DiffSide, minConfidenceChange: number): ChangeKind | undefined {
  if (before.state !== after.state || before.errorCode !== after.errorCode) return 'state';
  if (before.decision !== after.decision) return 'decision';
  // Behind `unknown` stands only a guess.
  if (after.decision === 'label' && before.label !== after.label) return 'label';
  const change = Math.abs((before.confidence ?? 0) - (after.confidence ?? 0));
  return change > 0 && change >= minConfidenceChange ? 'confidence' : undefined;
}

class DiffCounter {
  readonly #changes = new Map<ChangeKind, number>();
  readonly #transitions = new Map<string, { from: string; to: string; clips: number }>();
  #clips = 0;
  #unchanged = 0;

  add(before: DiffSide, after: DiffSide, kind: ChangeKind | undefined): void {
    this.#clips++;
    if (kind) this.#changes.set(kind, (this.#changes.get(kind) ?? 0) + 1);
    else this.#unchanged++;
    const [from, to] = [nameOfSide(before), nameOfSide(after)];
    const key = JSON.stringify([from, to]);
    const transition = this.#transitions.get(key) ?? { from, to, clips: 0 };
    transition.clips++;
    this.#transitions.set(key, transition);
  }

  report(): BatchDiffReport {
    const of = (kind: ChangeKind) => this.#changes.get(kind) ?? 0;
    return {
      clips: this.#clips,
      unchanged: this.#unchanged,
      changes: { state: of('state'), decision: of('decision'), label: of('label'), confidence: of('confidence') },
      transitions: [...this.#transitions.values()].sort((a, b) => b.clips - a.clips).map((each) => ({ ...each })),
    };
  }
}

/** `probed`: a clip of a preflight. */
function nameOfSide({ state, decision, label }: DiffSide): string {
  if (state !== 'succeeded') return state;
  if (decision === null) return 'probed';
  return decision === 'label' && label !== null ? label : decision;
}

type Pair = [before: ItemResult | undefined, after: ItemResult | undefined];

async function* pairs(before: AsyncIterable<ItemResult>, after: AsyncIterable<ItemResult>): AsyncGenerator<Pair> {
  const olds = inOrder(before);
  const nows = inOrder(after);
  try {
    let [old, now] = await Promise.all([olds.next(), nows.next()]);
    while (!old.done || !now.done) {
      const oldIndex = old.done ? Infinity : old.value.index;
      const nowIndex = now.done ? Infinity : now.value.index;
      const index = Math.min(oldIndex, nowIndex);
      const takesOld = oldIndex === index;
      const takesNow = nowIndex === index;
      yield [takesOld && !old.done ? old.value : undefined, takesNow && !now.done ? now.value : undefined];
      if (takesOld) old = await olds.next();
      if (takesNow) now = await nows.next();
    }
  } finally {
    await Promise.all([olds.return(undefined), nows.return(undefined)]);
  }
}

async function* inOrder(items: AsyncIterable<ItemResult>): AsyncGenerator<ItemResult, undefined> {
  let last = -1;
  for await (const item of items) {
    if (item.index <= last)
      throw new AppError('storage_corrupt', { detail: 'the results of a batch are not in the order of its clips' });
    last = item.index;
    yield item;
  }
  return undefined;
}
