/** A stored clip result as clients see it. Pure. */
import type { ItemResult, ItemView } from '../contracts/batch.js';

/** `<batchId>-<index>`: what `parseItemJobId` reads. */
export function itemJobId(batchId: string, index: number): string {
  return `${batchId}-${index}`;
}

export function itemViewOf({ windows: _windows, finishedAtMs, ...item }: ItemResult, batchId: string): ItemView {
  return { ...item, jobId: itemJobId(batchId, item.index), finishedAt: new Date(finishedAtMs).toISOString() };
}
