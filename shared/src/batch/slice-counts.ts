/** What the results of a slice add to the counters of its batch. Pure. */
import type { ItemResult } from '../contracts/batch.js';

/** Field of the batch record → amount. */
export type SliceCounts = Record<string, number>;

/** Labels come from model cards, so there are few; codes come from the catalog. */
export function countResults(results: readonly ItemResult[]): SliceCounts {
  const counts: SliceCounts = {};
  const add = (field: string, amount = 1) => (counts[field] = (counts[field] ?? 0) + amount);
  for (const item of results) {
    add(item.state);
    add('msDone', Math.round((item.clip.durationSeconds ?? 0) * 1000));
    if (item.reused || (item.duplicateOf !== undefined && item.state === 'succeeded')) add('reused');
    if (item.error) add(`code:${item.error.code}`);
    const { result } = item;
    if (result) add(`decision:${result.decision === 'label' ? (result.label ?? '') : result.decision}`);
  }
  return counts;
}

/** `after` minus `before`. */
export function countDifference(after: SliceCounts, before: SliceCounts): SliceCounts {
  const fields = new Set([...Object.keys(after), ...Object.keys(before)]);
  return Object.fromEntries([...fields].map((field) => [field, (after[field] ?? 0) - (before[field] ?? 0)]));
}
