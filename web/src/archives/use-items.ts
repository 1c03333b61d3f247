/**
 * All rows of a batch. While it runs, the first thousand are read again every few seconds; once it has ended, page after page
 * until all are here.
 */
import { useEffect, useState } from 'preact/hooks';
import { isBatchEnded, type TimbreClient } from '@timbre/client';
import type { BatchView } from '@timbre/shared/contracts/batch';
import { problemOf, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { rowOf, type ItemRow } from './item-rows.js';

export interface Items {
  rows: readonly ItemRow[];
  /** All that the batch has are here. */
  complete: boolean;
  problem: Problem | undefined;
}

const PAGE = 1000;
const REFRESH_MS = 2500;
/** Sorting and drawing again costs more than a page, so not each page is shown. */
const SHOW_EVERY_MS = 400;

export function useItems(batch: BatchView): Items {
  const { client } = useSession();
  const [items, setItems] = useState<Items>({ rows: [], complete: false, problem: undefined });
  const ended = isBatchEnded(batch.state);
  const { id, finishedAt } = batch;
  useEffect(() => {
    const stop = new AbortController();
    const show = (rows: ItemRow[], complete: boolean): void => setItems({ rows, complete, problem: undefined });
    const reading = ended ? readAll(client, id, show, stop.signal) : readFirst(client, id, show, stop.signal);
    reading.catch((error: unknown) => {
      if (!stop.signal.aborted) setItems((old) => ({ ...old, problem: problemOf(error) }));
    });
    return () => stop.abort();
  }, [client, id, ended, finishedAt]);
  return items;
}

type Show = (rows: ItemRow[], complete: boolean) => void;

async function readFirst(client: TimbreClient, id: string, show: Show, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { items } = await client.batches.items(id, { limit: PAGE }, { signal });
    show(items.map(rowOf), false);
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  }
}

async function readAll(client: TimbreClient, id: string, show: Show, signal: AbortSignal): Promise<void> {
  const rows: ItemRow[] = [];
  let shownAt = 0;
  for (let cursor: string | undefined; ;) {
    const page = await client.batches.items(id, { limit: PAGE, cursor }, { signal });
    for (const item of page.items) rows.push(rowOf(item));
    const complete = page.nextCursor === null;
    if (complete || performance.now() - shownAt > SHOW_EVERY_MS) {
      shownAt = performance.now();
      show(rows.slice(), complete);
    }
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
